-- name: unsent (locked: these attempts, and those that void submissions $2 held, those too that were closed in them; whoever
-- closes one in favour of another has committed, or waits)
SELECT attempt_no FROM attempt
WHERE attempt_no IN (
    SELECT unnest($1::bigint[])
    UNION
    SELECT m.attempt_no FROM former_member m WHERE m.submission_no = ANY ($2::bigint[])
    UNION
    SELECT c.attempt_no FROM attempt c WHERE c.submission_no = ANY ($2::bigint[]) AND c.closed)
ORDER BY attempt_no FOR UPDATE;

-- name: claimants (locked; an entitlement of a source has few orders, of which one at most is live. $2: those too whose attempt
-- is open in another submission than one that held it before)
WITH told AS (
    SELECT a.order_no, o.source, o.entitlement_id, o.period, o.sequence
    FROM attempt a JOIN payment_order o ON o.order_no = a.order_no
    WHERE a.attempt_no = ANY ($1::bigint[])
      AND (a.closed OR ($2 AND EXISTS (
          SELECT FROM former_member m WHERE m.attempt_no = a.attempt_no AND m.submission_no <> a.submission_no)))
), claimant AS (
    SELECT o.order_no FROM told t JOIN payment_order o ON o.claims
        AND (o.source, o.entitlement_id, o.period, o.sequence) = (t.source, t.entitlement_id, t.period, t.sequence)
    UNION
    SELECT o.order_no FROM told t JOIN payment_order o ON NOT o.claims AND o.entitlement_id IS NOT NULL
        AND (o.source, o.entitlement_id, o.period, o.sequence) = (t.source, t.entitlement_id, t.period, t.sequence)
)
SELECT o.order_no, o.state, o.order_no IN (SELECT order_no FROM told) AS its_own
FROM payment_order o WHERE o.order_no IN (SELECT order_no FROM claimant)
ORDER BY o.order_no FOR NO KEY UPDATE OF o;

-- name: hold
UPDATE payment_order SET state = 'held', reason = 'conflict', next_try_on = NULL
WHERE order_no = ANY ($1::bigint[]) AND state = 'payable' RETURNING order_no;

-- name: waiting (what another holds is an intent waiting at the gate: it will see that the order is held and void itself)
SELECT s.submission_no, s.state FROM submission s
WHERE s.state IN ('sealed', 'not sent') AND s.submission_no IN (
    SELECT a.submission_no FROM attempt a WHERE a.order_no = ANY ($1::bigint[]) AND NOT a.closed)
ORDER BY s.submission_no FOR UPDATE OF s SKIP LOCKED;

-- name: left (on its way, or booked; not what was rejected, cancelled or came back: bits of domain/facts.py)
SELECT a.attempt_no, a.order_no, a.bank FROM attempt a JOIN submission s ON s.submission_no = a.submission_no
WHERE a.order_no = ANY ($1::bigint[]) AND NOT a.closed AND s.state IN ('sending', 'delivered', 'unknown')
  AND (CASE WHEN a.facts & 583 <> 0 THEN a.facts ELSE a.facts | s.group_facts END) & 960 = 0
ORDER BY a.attempt_no;

-- name: propose_recalls
INSERT INTO recall (attempt_no, reason, proposed_at)
SELECT n, $2, $3 FROM unnest($1::bigint[]) AS n ORDER BY n
ON CONFLICT (attempt_no) DO NOTHING;
