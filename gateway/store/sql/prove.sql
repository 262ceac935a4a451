-- name: pick (an account of which something arrived since it was judged, and whose messages have all been applied)
SELECT c.chain_no, c.bank, c.account, c.currency FROM statement_chain c
WHERE c.judge AND c.bank = ANY ($1::text[])
  AND NOT EXISTS (SELECT FROM statement s JOIN bank_message m USING (message_no)
                  WHERE (s.bank, s.account, s.currency) = (c.bank, c.account, c.currency)
                    AND s.state = 'waiting' AND m.state = 'read')
ORDER BY c.chain_no LIMIT 1 FOR UPDATE OF c SKIP LOCKED;

-- name: judged
UPDATE statement_chain SET judge = false WHERE chain_no = $1;

-- name: waiting (a rival: a statement of the same number, without one of the same id, and year is proved already)
SELECT s.statement_no, s.message_no, s.statement_id, s.sequence, s.page, s.last_page, s.opening_minor, s.closing_minor,
       s.opening_on, s.closing_on, s.entries_minor,
       EXISTS (
           SELECT FROM statement p
           WHERE (p.bank, p.account, p.currency, p.state, p.page) = (s.bank, s.account, s.currency, 'proved', s.page)
             AND CASE WHEN $4 AND s.sequence IS NOT NULL THEN p.sequence = s.sequence
                      ELSE p.statement_id = s.statement_id END
             AND extract(year FROM coalesce(p.closing_on, p.opening_on))
                 IS NOT DISTINCT FROM extract(year FROM coalesce(s.closing_on, s.opening_on))
       ) AS rival
FROM statement s
WHERE s.bank = $1 AND s.account = $2 AND s.currency = $3 AND s.state = 'waiting'
ORDER BY s.statement_no;

-- name: ends (the first and the last link of a chain; pages tell parts)
SELECT s.link, min(s.statement_no) AS statement_no, max(s.sequence) AS sequence,
       (array_agg(s.opening_minor ORDER BY s.page))[1] AS opening_minor,
       (array_agg(s.closing_minor ORDER BY s.page DESC))[1] AS closing_minor,
       (array_agg(s.closing_on ORDER BY s.page DESC))[1] AS closing_on
FROM statement s
WHERE s.bank = $1 AND s.account = $2 AND s.currency = $3 AND s.state = 'proved'
  AND (s.link = (SELECT min(f.link) FROM statement f
                 WHERE (f.bank, f.account, f.currency, f.state) = ($1, $2, $3, 'proved'))
    OR s.link = (SELECT max(l.link) FROM statement l
                 WHERE (l.bank, l.account, l.currency, l.state) = ($1, $2, $3, 'proved')))
GROUP BY s.link ORDER BY s.link;

-- name: prove
UPDATE statement s SET state = 'proved', link = v.link, proved_at = $3, waits_for = NULL
FROM unnest($1::bigint[], $2::bigint[]) AS v (statement_no, link)
WHERE s.statement_no = v.statement_no AND s.state = 'waiting';

-- name: begins (the first statement of a chain: nothing before it vouches for its opening)
UPDATE statement SET begins = (link = $4)
WHERE bank = $1 AND account = $2 AND currency = $3 AND state = 'proved' AND begins <> (link = $4);

-- name: unbalanced
UPDATE statement s SET state = 'unbalanced', failure = v.failure, waits_for = NULL
FROM unnest($1::bigint[], $2::text[]) AS v (statement_no, failure)
WHERE s.statement_no = v.statement_no AND s.state = 'waiting'
RETURNING s.statement_no, s.bank, s.message_no, s.place, s.failure;

-- name: waits
UPDATE statement s SET waits_for = v.waits_for
FROM unnest($1::bigint[], $2::text[]) AS v (statement_no, waits_for)
WHERE s.statement_no = v.statement_no AND s.state = 'waiting' AND s.waits_for IS DISTINCT FROM v.waits_for;

-- name: gaps_filled (open gaps of a chain that are none any more)
SELECT key FROM exception
WHERE kind = 'statement gap' AND closed_at IS NULL AND starts_with(key, $1) AND key <> ALL ($2::text[]);

-- name: corrected (a statement of this number that adds up is proved: what did not add up is answered)
SELECT u.statement_no::text FROM statement u JOIN statement p USING (bank, account, currency)
WHERE p.statement_no = ANY ($1::bigint[]) AND p.page = 1 AND u.state = 'unbalanced'
  AND CASE WHEN p.sequence IS NOT NULL AND u.sequence IS NOT NULL THEN p.sequence = u.sequence
           ELSE p.statement_id = u.statement_id END
  AND extract(year FROM coalesce(p.closing_on, p.opening_on))
      IS NOT DISTINCT FROM extract(year FROM coalesce(u.closing_on, u.opening_on));
