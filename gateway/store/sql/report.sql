-- name: one_snapshot (every figure of a sheet is of the same moment)
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: ordered_counts (from the signed manifests, one row a batch)
SELECT source, batch_id AS batch, (convert_from(manifest, 'UTF8')::jsonb ->> 'count')::bigint AS orders FROM batch
WHERE pay_date = $1 AND state = 'released' AND ($2 OR source = ANY ($3::text[])) ORDER BY source, batch_id;

-- name: ordered (from the signed manifests; a manifest writes decimals, the sheet counts minor units)
SELECT b.source, b.batch_id AS batch, t.currency, replace(t.amount, '.', '')::bigint AS total_minor
FROM batch b, jsonb_each_text(convert_from(b.manifest, 'UTF8')::jsonb -> 'totals') AS t (currency, amount)
WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[]))
ORDER BY b.source, b.batch_id, t.currency;

-- name: orders (from order and attempt rows, grouped by everything a column depends on; the last attempt speaks; only what
-- has not left can be *stopped*)
WITH caught AS MATERIALIZED (
    SELECT DISTINCT order_no FROM stops_on(ARRAY(
        SELECT o.order_no FROM batch b JOIN payment_order o ON o.batch_no = b.batch_no
        WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[])) AND o.state = 'payable' AND EXISTS (SELECT FROM stop WHERE state = 'active')
          AND NOT EXISTS (SELECT FROM attempt a JOIN submission s ON s.submission_no = a.submission_no
                          WHERE a.order_no = o.order_no AND NOT a.closed AND s.state IN ('sending', 'delivered', 'unknown'))))
)
SELECT b.source, b.batch_id AS batch, coalesce(o.benefit, '(unreadable)') AS benefit, coalesce(o.currency, '') AS currency, o.state,
       c.order_no IS NOT NULL AS stopped, o.next_try_on IS NOT NULL AS tried_again, coalesce(a.closed, false) AS closed,
       a.facts, s.group_facts, s.state AS submission_state,
       count(*) AS payments, coalesce(sum(o.amount_minor), 0)::bigint AS total_minor
FROM batch b
JOIN payment_order o ON o.batch_no = b.batch_no
LEFT JOIN attempt a ON a.order_no = o.order_no
    AND NOT EXISTS (SELECT FROM attempt later WHERE later.order_no = a.order_no AND later.generation > a.generation)
LEFT JOIN submission s ON s.submission_no = a.submission_no
LEFT JOIN caught c ON c.order_no = o.order_no
WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[]))
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11;

-- The four figures of banks can be had by submission: $4 says so, and $5 of which banks.

-- name: sent (count and sum as re-read from the bytes at sealing)
SELECT CASE WHEN $4 THEN s.bank || ' ' || s.msg_id ELSE s.bank END AS bank, s.currency,
       sum(s.payment_count)::bigint AS payments, sum(s.sum_minor)::bigint AS total_minor
FROM submission s JOIN batch b ON b.batch_no = s.batch_no
WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[])) AND s.state IN ('sending', 'delivered', 'unknown')
  AND (NOT $4 OR s.bank = ANY ($5::text[]))
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: attempts (of what came back in part the rest, by what proved statements returned; 256: returned in one)
SELECT CASE WHEN $4 THEN s.bank || ' ' || s.msg_id ELSE s.bank END AS bank, a.currency, a.facts, s.group_facts,
       count(*) AS payments, sum(a.amount_minor)::bigint AS total_minor,
       sum(CASE WHEN a.facts & 256 <> 0 THEN greatest(a.amount_minor - a.returned_minor, 0) ELSE 0 END)::bigint AS kept_minor
FROM batch b
JOIN submission s ON s.batch_no = b.batch_no AND s.state IN ('sending', 'delivered', 'unknown')
JOIN attempt a ON a.submission_no = s.submission_no
WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[])) AND (NOT $4 OR s.bank = ANY ($5::text[]))
GROUP BY 1, 2, 3, 4;

-- name: booked (from the banks' entries; Apply marks those that tell a booking again, and where a sum was booked its details tell nothing new; documented charges belong to the amount that they were kept from)
SELECT CASE WHEN $4 THEN s.bank || ' ' || s.msg_id ELSE s.bank END AS bank, o.currency,
       sum(CASE WHEN o.attempt_no IS NOT NULL THEN 1 ELSE coalesce(o.batch_count, (
           SELECT count(*) FROM attempt m WHERE m.submission_no = s.submission_no AND m.facts & 8 <> 0)) END)::bigint AS payments,
       sum(o.amount_minor + CASE WHEN o.amount_minor < a.amount_minor THEN coalesce(o.charges_minor, 0) ELSE 0 END)::bigint
           AS total_minor
FROM batch b
JOIN submission s ON s.batch_no = b.batch_no
JOIN observation o ON o.submission_no = s.submission_no AND o.kind IN ('entry', 'batch entry', 'return entry')
LEFT JOIN attempt a ON a.attempt_no = o.attempt_no
WHERE b.pay_date = $1 AND ($2 OR b.source = ANY ($3::text[])) AND o.booked AND NOT o.credit AND NOT o.repeats
  AND (NOT $4 OR s.bank = ANY ($5::text[]))
  AND (o.verdict = 'matched batch sum' OR o.verdict = 'matched' AND o.attempt_no IS NOT NULL AND NOT (s.settled AND EXISTS (
      SELECT FROM observation whole WHERE whole.submission_no = s.submission_no AND whole.attempt_no IS NULL
          AND whole.kind IN ('entry', 'batch entry', 'return entry') AND whole.verdict = 'matched batch sum')))
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: returned (from the banks' entries, with the reason they name; documented charges belong to the amount that they were kept from)
SELECT CASE WHEN $4 THEN s.bank || ' ' || s.msg_id ELSE s.bank END AS bank, o.currency, b.source,
       coalesce(p.benefit, '(unreadable)') AS benefit, coalesce(o.reason, a.reason, '(none)') AS reason, count(*) AS payments,
       sum(o.amount_minor + CASE WHEN o.amount_minor < a.amount_minor THEN coalesce(o.charges_minor, 0) ELSE 0 END)::bigint
           AS total_minor
FROM batch b
JOIN submission s ON s.batch_no = b.batch_no
JOIN observation o ON o.submission_no = s.submission_no AND o.kind IN ('entry', 'batch entry', 'return entry')
JOIN attempt a ON a.attempt_no = o.attempt_no
JOIN payment_order p ON p.order_no = a.order_no
WHERE b.pay_date = $1 AND ($2 OR b.source = ANY ($3::text[])) AND o.booked AND o.credit AND NOT o.repeats AND o.verdict = 'matched'
  AND (NOT $4 OR s.bank = ANY ($5::text[]))
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;
