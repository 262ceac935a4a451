-- name: elsewhere (submissions of a bank that are under way to another destination than this one)
SELECT count(*) FROM submission
WHERE bank = $1 AND state IN ('sealed', 'sending', 'not sent', 'unknown') AND destination <> $2;
