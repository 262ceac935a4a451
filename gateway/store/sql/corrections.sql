-- name: waiting
SELECT EXISTS (SELECT FROM payment_order WHERE batch_no = $1 AND replaces IS NOT NULL AND reason = 'correction.waits');

-- name: lock (the corrections of the batch and what they replace)
SELECT FROM payment_order WHERE order_no IN (
    SELECT n.order_no FROM payment_order n WHERE n.batch_no = $1 AND n.replaces IS NOT NULL AND n.reason = 'correction.waits'
    UNION ALL
    SELECT o.order_no FROM payment_order n JOIN payment_order o ON o.source = n.source AND o.order_id = n.replaces
    WHERE n.batch_no = $1 AND n.replaces IS NOT NULL AND n.reason = 'correction.waits')
ORDER BY order_no FOR NO KEY UPDATE;

-- name: judge (in motion: an attempt for the entitlement that is open in a submission, moved money that did not come back, was
-- contradicted after it was closed, or of which a bank knows although it was never sent; bits of domain/facts.py)
WITH correction AS (
    SELECT n.*, o.order_no AS old_order_no, o.state AS old_state
    FROM payment_order n JOIN payment_order o ON o.source = n.source AND o.order_id = n.replaces
    WHERE n.batch_no = $1 AND n.replaces IS NOT NULL AND n.state = 'held' AND n.reason = 'correction.waits'
), had AS (
    SELECT c.order_no, h.order_no AS by_order_no FROM correction c JOIN payment_order h
      ON NOT h.claims AND h.entitlement_id IS NOT NULL
     AND (h.source, h.entitlement_id, h.period, h.sequence) = (c.source, c.entitlement_id, c.period, c.sequence)
)
SELECT c.order_no, c.old_order_no, CASE
    WHEN c.old_state NOT IN ('cancelled', 'given back') THEN 'correction.not-open'
    WHEN EXISTS (SELECT FROM payment_order h WHERE h.claims
        AND (h.source, h.entitlement_id, h.period, h.sequence) = (c.source, c.entitlement_id, c.period, c.sequence))
        THEN 'entitlement.claimed'
    WHEN EXISTS (SELECT FROM had h JOIN attempt a ON a.order_no = h.by_order_no
        WHERE h.order_no = c.order_no AND (NOT a.closed AND a.submission_no IS NOT NULL
            OR a.facts & 1024 <> 0 OR doubted(a)
                OR a.facts & 60 <> 0 AND (a.facts & 256 = 0 OR a.returned_minor < a.amount_minor))) THEN 'correction.in-motion'
    WHEN row_number() OVER (PARTITION BY c.entitlement_id, c.period, c.sequence, c.old_state IN ('cancelled', 'given back')
                            ORDER BY c.order_id) > 1 THEN 'correction.twice'
    END AS refusal
FROM correction c ORDER BY c.order_no;

-- name: replaced
UPDATE payment_order SET state = 'replaced' WHERE order_no = ANY ($1::bigint[]);

-- name: payable
UPDATE payment_order SET state = 'payable', claims = true, reason = NULL WHERE order_no = ANY ($1::bigint[]);

-- name: keep_held
UPDATE payment_order o SET reason = k.reason
FROM unnest($1::bigint[], $2::text[]) AS k (order_no, reason) WHERE o.order_no = k.order_no;
