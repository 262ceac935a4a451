-- name: lock (in the order of their numbers, so that two tellers cannot deadlock)
SELECT FROM payment_order WHERE order_no = ANY ($1::bigint[]) ORDER BY order_no FOR NO KEY UPDATE;

-- name: tell (of orders $5, of classes $7, or all of the only one: draw the next outcome_no and store the event; times a currency's unit, minor units get all their decimals)
WITH told AS (
    UPDATE payment_order o SET outcome_no = o.outcome_no + 1, outcome = n.outcome
    FROM (
        SELECT v.order_no, v.end_to_end_id, k.outcome, k.bank, k.reason, k.action, k.needs
        FROM unnest($5::bigint[], $6::text[], $7::int[]) AS v (order_no, end_to_end_id, class)
        JOIN unnest($8::text[], $9::text[], $10::text[], $11::text[], $12::text[]) WITH ORDINALITY
             AS k (outcome, bank, reason, action, needs, class) ON k.class = coalesce(v.class, 1)
    ) n
    WHERE o.order_no = n.order_no
    RETURNING o.order_no, o.outcome_no, o.outcome, o.source, o.order_id, o.batch_no, o.amount_minor, o.currency,
              CASE WHEN o.outcome = 'refused' THEN o.violations END AS violations,
              n.bank, n.end_to_end_id, n.reason, n.action, n.needs
)
INSERT INTO outcome_event (order_no, outcome_no, lane, source, key, document, created_at)
SELECT t.order_no, t.outcome_no, t.order_no % 16, t.source, t.source || '/' || t.order_id,
       concat(  -- what is null leaves its member out; half the cost of building an object and stripping it
           '{"source":', to_json(t.source), ',"orderId":', to_json(t.order_id), ',"batch":', to_json(b.batch_id),
           ',"outcomeNo":', t.outcome_no, ',"outcome":', to_json(t.outcome),
           ',"amount":' || to_json((t.amount_minor * c.unit)::text), ',"currency":' || to_json(t.currency),
           ',"bank":' || to_json(t.bank), ',"endToEndId":' || to_json(t.end_to_end_id),
           ',"reason":' || CASE WHEN t.reason IS NOT NULL OR t.action IS NOT NULL THEN json_strip_nulls(
               json_build_object('code', t.reason, 'action', t.action, 'needs', t.needs)) END,
           ',"violations":' || t.violations::text, ',"at":', to_json($2::text), '}'),
       $1
FROM told t
JOIN batch b ON b.batch_no = t.batch_no
LEFT JOIN unnest($3::text[], $4::numeric[]) AS c (currency, unit) ON c.currency = t.currency;
