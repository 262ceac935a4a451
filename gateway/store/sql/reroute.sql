-- Locks here are FOR NO KEY UPDATE of batches, as for cutting: an order is cut, or goes another way, by one worker.

-- name: next (the next batch, after attempt $7 of batch $1, with attempts that may go another way and that nothing stops)
WITH looked AS (
    SELECT g.attempt_no FROM gave_up g WHERE NOT g.looked_at
    UNION
    SELECT a.attempt_no FROM attempt a WHERE a.bank = ANY ($2::text[]) AND a.submission_no IS NULL AND NOT a.closed
), way AS (
    SELECT o.batch_no, o.order_no FROM looked l
    JOIN attempt a ON a.attempt_no = l.attempt_no
    JOIN payment_order o ON o.order_no = a.order_no
    WHERE (o.batch_no, a.attempt_no) > ($1, $7) AND may_go_another_way(a, o, $2, $3, $4, $5, $6)
)
SELECT b.batch_no, b.source, b.programme FROM batch b
WHERE b.batch_no IN (
    SELECT w.batch_no FROM way w WHERE w.order_no NOT IN (SELECT order_no FROM stops_on(ARRAY(SELECT order_no FROM way))))
ORDER BY b.batch_no LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED;

-- name: candidates (of one batch, above attempt $7, locked; `tried` are the banks of all attempts of the order)
WITH looked AS (
    SELECT g.attempt_no FROM gave_up g WHERE NOT g.looked_at
    UNION
    SELECT a.attempt_no FROM attempt a WHERE a.bank = ANY ($2::text[]) AND a.submission_no IS NULL AND NOT a.closed
), way AS (
    SELECT a.attempt_no, o.order_no FROM looked l
    JOIN attempt a ON a.attempt_no = l.attempt_no
    JOIN payment_order o ON o.order_no = a.order_no AND o.batch_no = $1
    WHERE a.attempt_no > $7 AND may_go_another_way(a, o, $2, $3, $4, $5, $6)
)
SELECT a.attempt_no, a.order_no, o.order_id, o.account_type, o.account, a.amount_minor, a.currency, a.bank, a.generation,
       g.submission_no AS gave_up_no,
       ARRAY(SELECT DISTINCT t.bank FROM attempt t WHERE t.order_no = a.order_no ORDER BY 1) AS tried
FROM way w
JOIN attempt a ON a.attempt_no = w.attempt_no
JOIN payment_order o ON o.order_no = a.order_no
LEFT JOIN gave_up g ON g.attempt_no = a.attempt_no AND NOT g.looked_at
WHERE a.order_no NOT IN (SELECT order_no FROM stops_on(ARRAY(SELECT order_no FROM way)))
ORDER BY a.attempt_no LIMIT $8
FOR UPDATE OF a;

-- name: payable (lock the orders, in one order; left alone are those that are no longer payable, and those of whose attempts a
-- bank has spoken while they were being locked: it paused its lane, or somebody still has to look at what it said)
SELECT o.order_no FROM payment_order o
WHERE o.order_no = ANY ($1::bigint[]) AND o.state = 'payable' AND NOT EXISTS (
    SELECT FROM attempt a WHERE a.order_no = o.order_no AND NOT a.closed
    AND (a.facts <> 0 OR paused(a.bank, o.source) OR a.attempt_no IN (SELECT n FROM alarming() AS n)))
ORDER BY o.order_no FOR NO KEY UPDATE OF o;

-- name: close (locked; looked at once more: in no submission, open, and its bank has said nothing of it)
UPDATE attempt a SET closed = true, closed_proof = jsonb_build_object(
    'in no submission', 'every earlier one is void or dissolved', 'another way', w.why)
FROM unnest($1::bigint[], $2::text[]) AS w (attempt_no, why)
WHERE a.attempt_no = w.attempt_no AND a.submission_no IS NULL AND NOT a.closed AND a.facts = 0;

-- name: looked (no other way; what was given up is cut again for its own bank)
UPDATE gave_up SET looked_at = true WHERE attempt_no = ANY ($1::bigint[]);

-- name: gave_up (members of a submission that is void because its tries were used up; free_members comes after. Not what may
-- never go another way, over the counter too: that would wait for a look that finds it never, instead of for its own bank)
INSERT INTO gave_up (attempt_no, submission_no)
SELECT a.attempt_no, a.submission_no FROM attempt a
WHERE a.submission_no = $1 AND NOT a.closed AND a.facts = 0 AND a.generation < 99 ORDER BY a.attempt_no
ON CONFLICT (attempt_no) DO UPDATE SET submission_no = EXCLUDED.submission_no, looked_at = false;
