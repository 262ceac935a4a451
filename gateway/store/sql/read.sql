-- name: take (oldest first; of a bank that this process has a profile for; one left behind is taken over, and read anew: another
-- release, or another profile, may find more or less before the place that its reader came to)
WITH taken AS (
    UPDATE bank_message SET leased_by = $1, lease_until = $3, read_through = 0
    WHERE message_no = (
        SELECT m.message_no FROM bank_message m
        WHERE m.state = 'received' AND m.bank = ANY ($4::text[]) AND (m.lease_until IS NULL OR m.lease_until < $2 OR m.leased_by = $1)
        ORDER BY m.message_no LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING message_no, bank
), dropped AS (
    DELETE FROM observation o USING taken t WHERE o.message_no = t.message_no
)
SELECT message_no, bank FROM taken;

-- name: pieces
SELECT piece FROM bank_message_bytes WHERE message_no = $1 ORDER BY piece_no;

-- name: advance
UPDATE bank_message SET read_through = $3, lease_until = $5, state = CASE WHEN $4 THEN 'read' ELSE state END
WHERE message_no = $1 AND state = 'received' AND leased_by = $2;

-- name: drop_observations
DELETE FROM observation WHERE message_no = $1;

-- name: unreadable
UPDATE bank_message SET state = 'unreadable', failure = $3, read_through = 0
WHERE message_no = $1 AND state = 'received' AND leased_by = $2;

-- name: unreadable_lately (an archive is one message, however many of those in it are unreadable)
SELECT count(*) FROM (
    SELECT m.state, m.digest FROM bank_message m
    WHERE m.bank = $1 AND NOT m.origin ? 'archive' ORDER BY m.message_no DESC LIMIT $2) latest
WHERE latest.state = 'unreadable' OR latest.state = 'unpacked' AND EXISTS (
    SELECT FROM bank_message i
    WHERE i.bank = $1 AND i.state = 'unreadable' AND i.origin ->> 'archive' = encode(latest.digest, 'hex'));

-- name: chain (holds the row: nobody else stores or judges a statement of this account until we are done)
INSERT INTO statement_chain (bank, account, currency) VALUES ($1, $2, $3)
ON CONFLICT (bank, account, currency) DO UPDATE SET judge = true;

-- name: statement (known again by all that it says; what its own arithmetic breaks is never proved)
INSERT INTO statement (bank, message_no, place, account, currency, statement_id, sequence, page, last_page, opening_minor,
    closing_minor, opening_on, closing_on, entries_minor, entry_count, digest, state, failure)
SELECT new.*, CASE WHEN known.again THEN 'repeated' WHEN $17::text IS NOT NULL THEN 'unbalanced' ELSE 'waiting' END,
    CASE WHEN NOT known.again THEN $17 END
FROM (SELECT $1::text AS bank, $2::bigint, $3::int, $4::text AS account, $5::text AS currency, $6::text AS statement_id,
             $7::bigint AS sequence, $8::int AS page, $9::boolean AS last_page, $10::bigint AS opening_minor,
             $11::bigint AS closing_minor, $12::date AS opening_on, $13::date AS closing_on, $14::bigint AS entries_minor,
             $15::int AS entry_count, $16::bytea AS digest) AS new,
LATERAL (
    SELECT EXISTS (
        SELECT FROM statement s
        WHERE (s.bank, s.account, s.currency) = (new.bank, new.account, new.currency)
          AND s.sequence IS NOT DISTINCT FROM new.sequence AND s.statement_id IS NOT DISTINCT FROM new.statement_id
          AND (s.page, s.last_page, s.entries_minor, s.entry_count, s.digest)
            = (new.page, new.last_page, new.entries_minor, new.entry_count, new.digest)
          AND s.opening_minor IS NOT DISTINCT FROM new.opening_minor AND s.closing_minor IS NOT DISTINCT FROM new.closing_minor
          AND s.opening_on IS NOT DISTINCT FROM new.opening_on AND s.closing_on IS NOT DISTINCT FROM new.closing_on
    ) AS again
) AS known;

-- name: unbalanced
SELECT statement_no, bank, message_no, place, failure FROM statement WHERE message_no = $1 AND state = 'unbalanced'
ORDER BY place;
