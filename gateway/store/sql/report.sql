-- name: one_snapshot (every figure of a sheet is of the same moment)
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: ordered_count (from the signed manifests)
SELECT sum((convert_from(manifest, 'UTF8')::jsonb ->> 'count')::bigint)::bigint FROM batch
WHERE pay_date = $1 AND state = 'released' AND ($2 OR source = ANY ($3::text[]));

-- name: ordered (from the signed manifests; a manifest writes decimals, the sheet counts minor units)
SELECT t.currency, sum(replace(t.amount, '.', '')::bigint)::bigint AS total_minor
FROM batch b, jsonb_each_text(convert_from(b.manifest, 'UTF8')::jsonb -> 'totals') AS t (currency, amount)
WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[]))
GROUP BY t.currency ORDER BY t.currency;

-- name: orders (from order and attempt rows, grouped by everything a position depends on)
WITH caught AS MATERIALIZED (
    SELECT DISTINCT order_no FROM stops_on(ARRAY(
        SELECT o.order_no FROM batch b JOIN payment_order o ON o.batch_no = b.batch_no
        WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[])) AND o.state = 'payable' AND EXISTS (SELECT FROM stop WHERE state = 'active')))
)
SELECT coalesce(o.benefit, '(unreadable)') AS benefit, coalesce(o.currency, '') AS currency, o.state,
       c.order_no IS NOT NULL AS stopped, a.facts, s.group_facts, s.state AS submission_state,
       count(*) AS payments, coalesce(sum(o.amount_minor), 0)::bigint AS total_minor
FROM batch b
JOIN payment_order o ON o.batch_no = b.batch_no
LEFT JOIN attempt a ON a.order_no = o.order_no
    AND a.generation = (SELECT max(g.generation) FROM attempt g WHERE g.order_no = o.order_no)
LEFT JOIN submission s ON s.submission_no = a.submission_no
LEFT JOIN caught c ON c.order_no = o.order_no
WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[]))
GROUP BY 1, 2, 3, 4, 5, 6, 7;

-- name: sent (count and sum as re-read from the bytes at sealing)
SELECT s.bank, s.currency, sum(s.payment_count)::bigint AS payments, sum(s.sum_minor)::bigint AS total_minor
FROM submission s JOIN batch b ON b.batch_no = s.batch_no
WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[])) AND s.state IN ('sending', 'delivered', 'unknown')
GROUP BY s.bank, s.currency ORDER BY 1, 2;

-- name: attempts
SELECT a.bank, a.currency, a.facts, s.group_facts, count(*) AS payments, sum(a.amount_minor)::bigint AS total_minor
FROM batch b
JOIN submission s ON s.batch_no = b.batch_no AND s.state IN ('sending', 'delivered', 'unknown')
JOIN attempt a ON a.submission_no = s.submission_no
WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[]))
GROUP BY 1, 2, 3, 4;

-- name: booked (from the banks' entries; one booking heard on several channels counts once, also where one of them omits the bank's reference)
SELECT bank, currency, sum(payments)::bigint AS payments, sum(amount_minor)::bigint AS total_minor FROM (
    SELECT DISTINCT ON (o.kind, coalesce(o.attempt_no, -o.submission_no), ref.known)
           s.bank, o.currency, o.amount_minor,
           CASE WHEN o.kind = 'batch entry'
                THEN coalesce(o.batch_count, (SELECT count(*) FROM attempt a WHERE a.submission_no = s.submission_no AND a.facts & 8 <> 0))
                ELSE 1 END AS payments
    FROM batch b
    JOIN submission s ON s.batch_no = b.batch_no
    JOIN observation o ON o.submission_no = s.submission_no
    LEFT JOIN attempt booked ON booked.attempt_no = o.attempt_no
    CROSS JOIN LATERAL (SELECT coalesce(o.entry_ref, booked.entry_ref, (
        SELECT min(same.entry_ref) FROM observation same WHERE o.kind = 'batch entry' AND same.submission_no = o.submission_no
            AND same.kind = 'batch entry' AND same.verdict = 'matched batch sum'), '') AS known) ref
    WHERE b.pay_date = $1 AND ($2 OR b.source = ANY ($3::text[])) AND o.booked AND NOT o.credit
      AND (o.kind = 'entry' AND o.verdict = 'matched' OR o.kind = 'batch entry' AND o.verdict = 'matched batch sum')
    ORDER BY o.kind, coalesce(o.attempt_no, -o.submission_no), ref.known
) entries GROUP BY bank, currency ORDER BY 1, 2;

-- name: returned (from the banks' entries)
SELECT bank, currency, count(*) AS payments, sum(amount_minor)::bigint AS total_minor FROM (
    SELECT DISTINCT ON (o.attempt_no) s.bank, o.currency, o.amount_minor
    FROM batch b
    JOIN submission s ON s.batch_no = b.batch_no
    JOIN observation o ON o.submission_no = s.submission_no
    WHERE b.pay_date = $1 AND ($2 OR b.source = ANY ($3::text[])) AND o.booked AND o.credit AND o.kind = 'return entry' AND o.verdict = 'matched'
    ORDER BY o.attempt_no
) entries GROUP BY bank, currency ORDER BY 1, 2;
