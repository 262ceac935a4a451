-- name: pick (at most $9, and no more than there is room for: open, on a lane that can send now and has room in flight, under every limit of the day.
-- What an alarm keeps from leaving takes no room: nobody knows for how long)
WITH kept AS MATERIALIZED (SELECT n FROM alarmed() AS n), flying AS MATERIALIZED (
    SELECT f.bank, count(*) AS submissions FROM submission f
    WHERE f.state IN ('sealed', 'sending', 'not sent', 'unknown')
      AND (f.state IN ('sending', 'unknown') OR f.submission_no NOT IN (SELECT n FROM kept))
    GROUP BY f.bank
)
SELECT s.submission_no, s.bank, s.batch_no, b.batch_id, s.product, s.instrument, s.pay_date, s.currency, s.msg_id, s.name, s.payment_count,
       s.sum_minor, b.source, b.programme, s.debtor_account, b.manifest, b.manifest_signature
FROM submission s
JOIN lane l ON l.bank = s.bank
JOIN batch b ON b.batch_no = s.batch_no
JOIN unnest($2::text[], $3::int[]) AS room (bank, capacity) ON room.bank = s.bank
WHERE s.state = 'open' AND (s.next_attempt_at IS NULL OR s.next_attempt_at <= $1)
  AND l.breaker = 'closed' AND NOT paused(s.bank, b.source)
  AND NOT account_held(s.bank, s.debtor_account, s.currency)
  AND coalesce((SELECT f.submissions FROM flying f WHERE f.bank = s.bank), 0) < room.capacity
  AND NOT EXISTS (
      SELECT FROM unnest($4::text[], $5::text[], $6::text[], $7::bigint[]) AS l (source, bank, currency, per_day)
      LEFT JOIN limit_use u ON (u.source, u.bank, u.currency, u.day) = (l.source, l.bank, l.currency, $8::date)
      WHERE l.source IN ('*', b.source) AND l.bank IN ('*', s.bank) AND l.currency = s.currency
        AND coalesce(u.sent_minor, 0) + s.sum_minor > limit_of_day(l.source, l.bank, l.currency, $8, l.per_day))
ORDER BY s.submission_no
LIMIT (SELECT greatest(0, least($9::bigint, max(r.capacity - coalesce(f.submissions, 0))))
       FROM unnest($2::text[], $3::int[]) AS r (bank, capacity) LEFT JOIN flying f ON f.bank = r.bank)
FOR UPDATE OF s SKIP LOCKED;

-- name: members
SELECT a.order_no, o.order_id, a.generation, a.end_to_end_id, a.uetr, o.document,
       (o.state = 'payable' AND NOT a.closed AND stopped.order_no IS NULL
        AND least(o.valid_until, o.mandate_until, o.collect_until) >= $2) AS may_leave,
       o.collect_from, o.collect_until
FROM attempt a
JOIN payment_order o ON o.order_no = a.order_no
LEFT JOIN (SELECT DISTINCT c.order_no FROM stops_on(ARRAY(SELECT m.order_no FROM attempt m WHERE m.submission_no = $1)) c)
    AS stopped ON stopped.order_no = a.order_no
WHERE a.submission_no = $1
ORDER BY a.attempt_no;

-- name: chunks
SELECT chunk_no, first_order_id, last_order_id FROM manifest_chunk
WHERE batch_no = $1 AND last_order_id >= $2 AND first_order_id <= $3 ORDER BY chunk_no;

-- name: digests (by order id: what the manifest's chunk is the digest of)
SELECT digest FROM payment_order WHERE batch_no = $1 AND order_id BETWEEN $2 AND $3 ORDER BY order_id;

-- name: seal
UPDATE submission SET sealed_at = $2, sha256 = $3, payments_digest = $4, size = $5, destination = $6
WHERE submission_no = $1 AND sha256 IS NULL;

-- name: later
UPDATE submission SET next_attempt_at = $2 WHERE submission_no = $1;
