-- name: lock (in the order of their numbers, so that two tellers cannot deadlock)
SELECT FROM payment_order WHERE order_no = ANY ($1::bigint[]) ORDER BY order_no FOR NO KEY UPDATE;

-- name: tell (draw the next outcome_no and store the event; times a currency's unit, minor units get all their decimals)
WITH told AS (
    UPDATE payment_order o SET outcome_no = o.outcome_no + 1, outcome = n.outcome
    FROM unnest($5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
         AS n (order_no, outcome, bank, end_to_end_id, reason, action)
    WHERE o.order_no = n.order_no
    RETURNING o.order_no, o.outcome_no, o.outcome, o.source, o.order_id, o.batch_no, o.amount_minor, o.currency,
              CASE WHEN o.outcome = 'refused' THEN o.violations END AS violations,
              n.bank, n.end_to_end_id, n.reason, n.action
)
INSERT INTO outcome_event (order_no, outcome_no, lane, source, key, document, created_at)
SELECT t.order_no, t.outcome_no, t.order_no % 16, t.source, t.source || '/' || t.order_id,
       json_strip_nulls(json_build_object(
           'source', t.source,
           'orderId', t.order_id,
           'batch', b.batch_id,
           'outcomeNo', t.outcome_no,
           'outcome', t.outcome,
           'amount', (t.amount_minor * c.unit)::text,
           'currency', t.currency,
           'bank', t.bank,
           'endToEndId', t.end_to_end_id,
           'reason', CASE WHEN t.reason IS NOT NULL OR t.action IS NOT NULL
                          THEN json_build_object('code', t.reason, 'action', t.action) END,
           'violations', t.violations,
           'at', $2::text))::text,
       $1
FROM told t
JOIN batch b ON b.batch_no = t.batch_no
LEFT JOIN unnest($3::text[], $4::numeric[]) AS c (currency, unit) ON c.currency = t.currency;
