-- Locks here are FOR NO KEY UPDATE: they keep other cutters out, but not the foreign keys of those who send.

-- name: next_batch
SELECT batch_no, source, programme, pay_date, cut_through FROM batch
WHERE state = 'released' AND NOT cut_done ORDER BY batch_no LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;

-- name: orders (payable, not yet cut, by order id)
SELECT order_no, order_id, benefit, currency, amount_minor, account_type, account, valid_until, mandate_until, collect_until
FROM payment_order
WHERE batch_no = $1 AND order_id > $2 AND state = 'payable' ORDER BY order_id LIMIT $3;

-- name: advance
UPDATE batch SET cut_through = $2, cut_done = $3 WHERE batch_no = $1;

-- name: next_with_loose (the next batch after $1 with something to cut again on $2 that nothing stops: attempts in no
-- submission, and orders whose day for a further attempt has come, all attempts of which are closed and moved no money
-- that did not come back in full; 60: credited, booked, in a statement, twice; 256: returned in a statement)
WITH loose AS (
    SELECT a.order_no, o.batch_no FROM may_be_cut($2, $3, $4, $5) a JOIN payment_order o ON o.order_no = a.order_no
    WHERE o.state = 'payable'
    UNION ALL
    SELECT o.order_no, o.batch_no FROM payment_order o JOIN batch b ON b.batch_no = o.batch_no
    WHERE o.next_try_on <= $2 AND o.state = 'payable' AND b.state = 'released' AND (b.cut_done OR o.order_id <= b.cut_through)
      AND NOT EXISTS (SELECT FROM attempt a WHERE a.order_no = o.order_no
                      AND (NOT a.closed OR a.facts & 60 <> 0 AND (a.facts & 256 = 0 OR a.returned_minor < a.amount_minor)))
)
SELECT b.batch_no, b.source, b.programme, b.pay_date, b.cut_through FROM batch b
WHERE b.batch_no > $1 AND b.batch_no IN (
    SELECT l.batch_no FROM loose l
    WHERE l.order_no NOT IN (SELECT order_no FROM stops_on(ARRAY(SELECT order_no FROM loose))))
ORDER BY b.batch_no LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED;

-- name: loose (the same of one batch, now that it is locked: an order is cut by one worker)
WITH loose AS (
    SELECT o.order_no, a.attempt_no, a.bank, a.generation FROM may_be_cut($3, $4, $5, $6) a
    JOIN payment_order o ON o.order_no = a.order_no AND o.batch_no = $1 AND o.state = 'payable'
    UNION ALL
    SELECT o.order_no, NULL, NULL, (SELECT coalesce(max(a.generation), 0) + 1 FROM attempt a WHERE a.order_no = o.order_no)
    FROM payment_order o JOIN batch b ON b.batch_no = o.batch_no
    WHERE o.batch_no = $1 AND o.next_try_on <= $3 AND o.state = 'payable' AND (b.cut_done OR o.order_id <= b.cut_through)
      AND NOT EXISTS (SELECT FROM attempt a WHERE a.order_no = o.order_no
                      AND (NOT a.closed OR a.facts & 60 <> 0 AND (a.facts & 256 = 0 OR a.returned_minor < a.amount_minor)))
)
SELECT o.order_no, o.order_id, o.benefit, o.currency, o.amount_minor, o.account_type, o.account, o.valid_until,
       o.mandate_until, o.collect_until, l.attempt_no, l.bank, l.generation
FROM loose l JOIN payment_order o ON o.order_no = l.order_no
WHERE o.order_no NOT IN (SELECT order_no FROM stops_on(ARRAY(SELECT order_no FROM loose)))
ORDER BY o.order_id LIMIT $2;

-- name: lock_loose (a bank that speaks of them waits, or has committed what it said)
SELECT attempt_no FROM attempt WHERE attempt_no = ANY ($1::bigint[]) ORDER BY attempt_no FOR NO KEY UPDATE;

-- name: alarming (of these, now that they are locked)
SELECT n FROM alarming() AS n WHERE n = ANY ($1::bigint[]);

-- name: tried (their further attempts are made; another one needs another reason)
UPDATE payment_order SET next_try_on = NULL WHERE order_no = ANY ($1::bigint[]);

-- name: lock_lane
SELECT l.last_sequence, i.restore_epoch FROM lane l, installation i WHERE l.bank = $1 FOR NO KEY UPDATE OF l;

-- name: open_sums (what this bank may still book as a sum)
SELECT payment_count, sum_minor FROM submission
WHERE bank = $1 AND debtor_account = $2 AND pay_date = $3 AND sum_booked AND NOT settled
  AND state NOT IN ('void', 'dissolved');

-- name: fewest_oversize (payments in the smallest submission like this one that was too large when it was sealed, or NULL)
SELECT min(s.payment_count) FROM submission s
JOIN submission_event e ON e.submission_no = s.submission_no AND e.to_state = 'dissolved' AND e.why = $5
WHERE s.bank = $1 AND s.product = $2 AND s.pay_date = $3 AND s.debtor_account = $4 AND s.state = 'dissolved';

-- name: make_submissions
WITH numbered AS (UPDATE lane SET last_sequence = last_sequence + cardinality($8::bigint[]) WHERE bank = $1),
made AS (
    INSERT INTO submission (bank, batch_no, product, pay_date, debtor_account, currency, sum_booked, instrument,
                            sequence, msg_id, name, payment_count, sum_minor)
    SELECT $1, $2, $3, $4, $5, $6, $7, $13, n.sequence, n.msg_id, n.name, n.payments, n.total
    FROM unnest($8::bigint[], $9::text[], $10::text[], $11::int[], $12::bigint[])
         AS n (sequence, msg_id, name, payments, total)
    ORDER BY n.sequence
    RETURNING submission_no, msg_id
)
SELECT submission_no, msg_id FROM made;

-- name: place
UPDATE attempt a SET submission_no = p.submission_no
FROM unnest($1::bigint[], $2::bigint[]) AS p (attempt_no, submission_no) WHERE a.attempt_no = p.attempt_no;

-- name: close_attempts_of_held (they are in no submission: every one they were in is void)
UPDATE attempt SET closed = true, closed_proof = '{"in no submission": "every earlier one is void or dissolved"}'
WHERE order_no = ANY ($1::bigint[]) AND submission_no IS NULL AND NOT closed;

-- name: hold (those that are still payable; returns them)
UPDATE payment_order o SET state = 'held', reason = h.reason
FROM unnest($1::bigint[], $2::text[]) AS h (order_no, reason) WHERE o.order_no = h.order_no AND o.state = 'payable'
RETURNING o.order_no;
