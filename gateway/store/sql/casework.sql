-- name: cases (page by number; without a state all that are not closed; an owner is a person, or the role while nobody has it)
SELECT * FROM exception_case
WHERE exception_no > $1 AND ($4 OR source = ANY ($3::text[]))
  AND CASE WHEN $5 = '' THEN state <> 'closed' ELSE state = $5 END
  AND ($6 = '' OR kind = $6) AND ($7 = '' OR bank = $7) AND ($8 = '' OR coalesce(owner, role) = $8)
  AND ($9::timestamptz IS NULL OR state <> 'closed' AND due_at < $9)
ORDER BY exception_no LIMIT $2;

-- name: case
SELECT * FROM exception_case WHERE exception_no = $1;

-- name: lock
SELECT FROM exception WHERE exception_no = $1 FOR UPDATE;

-- name: history
SELECT event_no, act, by, at, comment, detail, decision_no FROM exception_event WHERE exception_no = $1 ORDER BY event_no;

-- name: heard (the message, and what of it the exception is about: codes, never texts of the bank)
SELECT m.message_no, m.bank, encode(m.digest, 'hex') AS sha256, m.received_at, o.path, o.kind, o.status, o.reason, o.verdict
FROM bank_message m LEFT JOIN observation o ON o.message_no = m.message_no AND o.ordinal = $2
WHERE m.message_no = $1;

-- name: remember (the exception is locked, so numbers have no gap)
INSERT INTO exception_event (exception_no, event_no, act, by, at, comment, detail, decision_no)
VALUES ($1, (SELECT coalesce(max(event_no), 0) + 1 FROM exception_event WHERE exception_no = $1), $2, $3, $4, $5, $6, $7);

-- name: assign
UPDATE exception SET owner = $2, state = CASE WHEN state = 'open' THEN 'assigned' ELSE state END
WHERE exception_no = $1 AND state <> 'closed';

-- name: wait
UPDATE exception SET state = 'waiting for a second person' WHERE exception_no = $1 AND state <> 'closed';

-- name: go_on (nobody is waited for any more)
UPDATE exception SET state = CASE WHEN owner IS NULL THEN 'open' ELSE 'assigned' END
WHERE exception_no = $1 AND state = 'waiting for a second person';

-- name: close
UPDATE exception SET state = 'closed', closed_at = $2, closed_by = $3, closed_how = $4
WHERE exception_no = $1 AND state <> 'closed';

-- name: lock_doubtful
SELECT s.submission_no, s.bank, s.msg_id, s.state, s.tries,
       (SELECT max(i.lease_until) FROM intent i WHERE i.submission_no = s.submission_no) AS lease_until,
       EXISTS (SELECT FROM intent i WHERE i.submission_no = s.submission_no
               AND i.late_evidence ->> 'saw' = 'sent') AS seen_sent,
       (SELECT e.why FROM submission_event e WHERE e.submission_no = s.submission_no ORDER BY e.event_no DESC LIMIT 1) AS last_why
FROM submission s WHERE s.submission_no = $1 FOR UPDATE OF s;

-- name: submission_state
SELECT state FROM submission WHERE submission_no = $1 FOR UPDATE;

-- name: orders_of_entitlement (this one first, and whichever had or has its entitlement)
SELECT $1::bigint AS order_no
UNION SELECT other.order_no FROM payment_order o JOIN payment_order other USING (source, entitlement_id, period, sequence)
      WHERE o.order_no = $1 AND other.claims
UNION SELECT other.order_no FROM payment_order o JOIN payment_order other USING (source, entitlement_id, period, sequence)
      WHERE o.order_no = $1 AND NOT other.claims AND other.entitlement_id IS NOT NULL;

-- name: lock_submissions_of_orders
SELECT FROM submission
WHERE submission_no IN (SELECT a.submission_no FROM attempt a WHERE a.order_no = ANY ($1::bigint[]))
ORDER BY submission_no FOR UPDATE;

-- name: lock_submission_of_attempt
SELECT FROM submission
WHERE submission_no = (SELECT a.submission_no FROM attempt a WHERE a.attempt_no = $1) FOR UPDATE;

-- name: lock_attempts_of_orders
SELECT a.attempt_no, a.order_no, a.bank, a.end_to_end_id, a.amount_minor, a.currency, a.facts, a.closed, a.returned_minor, a.reason, a.submission_no,
       s.state AS submission_state, coalesce(s.group_facts, 0) AS group_facts, s.debtor_account
FROM attempt a LEFT JOIN submission s ON s.submission_no = a.submission_no
WHERE a.order_no = ANY ($1::bigint[]) ORDER BY a.attempt_no FOR UPDATE OF a;

-- name: doubted (of these attempts, locked, those of which a bank knows although they were never sent)
SELECT a.end_to_end_id FROM attempt a WHERE a.attempt_no = ANY ($1::bigint[]) AND doubted(a) ORDER BY a.attempt_no;

-- name: lock_attempt
SELECT a.attempt_no, a.order_no, a.bank, a.end_to_end_id, a.amount_minor, a.currency, a.facts, a.closed, a.returned_minor, a.reason, a.submission_no,
       s.state AS submission_state, coalesce(s.group_facts, 0) AS group_facts, s.debtor_account
FROM attempt a LEFT JOIN submission s ON s.submission_no = a.submission_no
WHERE a.attempt_no = $1 FOR UPDATE OF a;

-- name: lock_order
SELECT o.order_no, o.source, o.order_id, o.state, o.reason, o.claims,
       EXISTS (SELECT FROM payment_order other
               WHERE other.claims AND other.order_no <> o.order_no AND other.source = o.source
                 AND other.entitlement_id = o.entitlement_id AND other.period = o.period AND other.sequence = o.sequence) AS claimed,
       EXISTS (SELECT FROM stops_on(ARRAY[o.order_no])) AS stopped
FROM payment_order o WHERE o.order_no = $1 FOR UPDATE OF o;

-- name: order_state
SELECT state FROM payment_order WHERE order_no = $1 FOR UPDATE;

-- name: release (it takes its claim; one that another order took meanwhile is refused by the unique index)
UPDATE payment_order SET state = 'payable', claims = true, reason = NULL WHERE order_no = $1 AND state = 'held';

-- name: replaced_by (a correction that was kept held takes over when it is released by hand)
UPDATE payment_order o SET state = 'replaced' FROM payment_order n
WHERE n.order_no = $1 AND o.source = n.source AND o.order_id = n.replaces AND o.state IN ('cancelled', 'given back');

-- name: give_back (its claim is free for a correction, and nothing is cut of it again)
UPDATE payment_order SET state = 'given back', claims = false, reason = $2, next_try_on = NULL
WHERE order_no = $1 AND state = 'payable';

-- name: decide_against (a hold whose entitlement another order has)
UPDATE payment_order SET state = 'refused', claims = false, reason = $2,
    violations = '[{"path": "/entitlement", "rule": "entitlement.claimed", "text": "another order holds this entitlement"}]'
WHERE order_no = $1 AND state = 'held';

-- name: hold
UPDATE payment_order SET state = 'held', reason = $2 WHERE order_no = $1 AND state = 'payable';

-- name: close_attempt
UPDATE attempt SET closed = true, closed_proof = $2 WHERE attempt_no = $1 AND NOT closed;

-- name: entry_without_home (booked, and still explained by nothing)
SELECT EXISTS (SELECT FROM observation WHERE message_no = $1 AND ordinal = $2 AND booked
               AND verdict NOT IN ('matched', 'matched batch sum', 'written off', 'split by hand'));

-- name: attempt_named
SELECT attempt_no FROM attempt WHERE end_to_end_id = $1;

-- name: lock_entry
SELECT o.message_no, o.ordinal, m.bank, o.verdict, o.account, o.amount_minor, o.currency, o.credit, o.booked, o.reason,
       o.statement, same_page(st.statement_no) AS page_no, o.entry_ref, o.tx_id
FROM observation o JOIN bank_message m ON m.message_no = o.message_no
LEFT JOIN statement st ON st.message_no = o.message_no AND st.place = o.statement
WHERE o.message_no = $1 AND o.ordinal = $2 FOR UPDATE OF o;

-- name: matched
UPDATE observation SET attempt_no = $3, submission_no = $4, verdict = $5, rule = $6, repeats = $7 WHERE message_no = $1 AND ordinal = $2;

-- name: came_back (what was matched to a payment as its return, each return once)
SELECT coalesce(sum(amount_minor), 0)::bigint FROM observation
WHERE submission_no = $2 AND attempt_no = $1 AND credit AND booked AND verdict = 'matched' AND NOT repeats;

-- name: verdict
UPDATE observation SET verdict = $3 WHERE message_no = $1 AND ordinal = $2;

-- name: add_fact
UPDATE attempt SET facts = facts | $2 WHERE attempt_no = $1;
