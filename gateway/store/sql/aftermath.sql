-- name: try_again (payable as before; cut once more from that day on)
UPDATE payment_order o SET next_try_on = t.day
FROM unnest($1::bigint[], $2::date[]) AS t (order_no, day) WHERE o.order_no = t.order_no AND o.state = 'payable';

-- name: give_back (the claim is free for the order that will replace it)
UPDATE payment_order o SET state = 'given back', claims = false, reason = g.reason, next_try_on = NULL
FROM unnest($1::bigint[], $2::text[]) AS g (order_no, reason) WHERE o.order_no = g.order_no AND o.state = 'payable';

-- name: hold
UPDATE payment_order o SET state = 'held', reason = h.reason, next_try_on = NULL
FROM unnest($1::bigint[], $2::text[]) AS h (order_no, reason) WHERE o.order_no = h.order_no AND o.state = 'payable';

-- name: payees
SELECT order_no, source, document FROM payment_order WHERE order_no = ANY ($1::bigint[]) ORDER BY order_no;
