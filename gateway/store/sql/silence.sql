-- Bits of domain/facts.py: 583 are statuses (they take the place of the group's), 2048 is no word of the bank at all.

-- name: to_presume (delivered before its bank's limit; money over the counter waits for its payee, not for its bank)
SELECT s.submission_no FROM submission s
JOIN unnest($1::text[], $2::timestamptz[]) AS t (bank, before) ON t.bank = s.bank AND s.delivered_at <= t.before
WHERE s.state = 'delivered' AND NOT s.heard_out AND s.presumed_at IS NULL
ORDER BY s.submission_no LIMIT $3 FOR NO KEY UPDATE OF s SKIP LOCKED;

-- name: presume (2049: nothing but, at most, that the bank took it in)
UPDATE attempt a SET presumed = true
FROM submission s, payment_order o
WHERE s.submission_no = ANY ($1::bigint[]) AND a.submission_no = s.submission_no AND o.order_no = a.order_no
  AND NOT a.closed AND NOT a.presumed AND o.collect_until IS NULL
  AND (CASE WHEN a.facts & 583 <> 0 THEN a.facts ELSE a.facts | s.group_facts END) & ~2049 = 0
RETURNING a.order_no, a.end_to_end_id, a.bank, o.source;

-- name: presumed
UPDATE submission SET presumed_at = $2 WHERE submission_no = ANY ($1::bigint[]);

-- name: to_miss (2051: accepted or executed, but neither booked nor refused)
SELECT s.submission_no, s.bank, s.delivered_at AS since, s.tries::int AS tries, (
    SELECT count(*) FROM attempt a JOIN payment_order o ON o.order_no = a.order_no AND o.collect_until IS NULL
    WHERE a.submission_no = s.submission_no AND NOT a.closed
      AND (CASE WHEN a.facts & 583 <> 0 THEN a.facts ELSE a.facts | s.group_facts END) & ~2051 = 0)::int AS payments
FROM submission s
JOIN unnest($1::text[], $2::timestamptz[]) AS t (bank, before) ON t.bank = s.bank AND s.delivered_at <= t.before
WHERE s.state = 'delivered' AND NOT s.heard_out
ORDER BY s.submission_no LIMIT $3 FOR NO KEY UPDATE OF s SKIP LOCKED;

-- name: missed
UPDATE submission SET heard_out = true WHERE submission_no = ANY ($1::bigint[]);

-- name: unknown (past its deadline, and nobody was told since it became so; locked, so that none is told of that was just settled)
SELECT s.submission_no, s.bank, u.since, s.tries::int AS tries, s.payment_count AS payments
FROM submission s
JOIN unnest($1::text[], $2::timestamptz[]) AS t (bank, before) ON t.bank = s.bank
CROSS JOIN LATERAL (SELECT max(e.at) AS since FROM submission_event e
                    WHERE e.submission_no = s.submission_no AND e.to_state = 'unknown') u
WHERE s.state = 'unknown' AND u.since <= t.before
  AND NOT EXISTS (SELECT FROM exception x WHERE x.kind = 'unknown past deadline' AND x.key = s.submission_no || '/' || s.tries)
ORDER BY s.submission_no LIMIT $3 FOR NO KEY UPDATE OF s SKIP LOCKED;

-- name: ended (the bank has spoken: nothing of the submission is without a final word any more)
WITH ended AS (
    UPDATE exception x SET state = 'closed', closed_at = $1, closed_by = 'machine', closed_how = 'evidence'
    FROM submission s
    WHERE x.kind = 'silent bank' AND x.state <> 'closed' AND s.submission_no = x.submission_no AND NOT EXISTS (
        SELECT FROM attempt a JOIN payment_order o ON o.order_no = a.order_no AND o.collect_until IS NULL
        WHERE a.submission_no = s.submission_no AND NOT a.closed
          AND (CASE WHEN a.facts & 583 <> 0 THEN a.facts ELSE a.facts | s.group_facts END) & ~2051 = 0)
    RETURNING x.exception_no
)
INSERT INTO exception_event (exception_no, event_no, act, by, at, detail)
SELECT e.exception_no, coalesce((SELECT max(h.event_no) FROM exception_event h WHERE h.exception_no = e.exception_no), 0) + 1,
       'close', 'machine', $1, '{"how": "evidence"}'
FROM ended e;
