-- What a person says that a credit was of: one observation a payment, behind everything that the message itself says.

-- name: lock_message
SELECT FROM bank_message WHERE message_no = $1 FOR UPDATE;

-- name: lock_messages (whoever applies one of them now is not waited for: he holds what we would wait for)
SELECT FROM bank_message WHERE message_no = ANY ($1::bigint[]) ORDER BY message_no FOR UPDATE NOWAIT;

-- name: settling (the entry stands in suspense, and the rest of its statement is still being settled)
SELECT EXISTS (
    SELECT FROM suspense_item i JOIN statement s ON s.statement_no = i.statement_no
    WHERE i.message_no = $1 AND i.ordinal = $2 AND NOT i.rest AND i.cleared_by IS NULL AND NOT s.settled);

-- name: members (of a submission: booked and not given back; 24, 384: see domain/facts.py)
SELECT a.end_to_end_id FROM submission s JOIN attempt a ON a.submission_no = s.submission_no
WHERE s.bank = $1 AND s.msg_id = $2 AND a.facts & 24 <> 0 AND a.facts & 384 = 0 ORDER BY a.attempt_no;

-- name: amount (of a payment)
SELECT amount_minor FROM attempt WHERE end_to_end_id = $1;

-- name: lock_submissions (of these payments, and the one that an exception is about)
SELECT FROM submission
WHERE submission_no IN (SELECT a.submission_no FROM attempt a WHERE a.end_to_end_id = ANY ($1::text[]) UNION SELECT $2::bigint)
ORDER BY submission_no FOR UPDATE;

-- name: lock_attempts
SELECT a.attempt_no, a.order_no, a.bank, a.end_to_end_id, a.amount_minor, a.currency, a.facts, a.closed, a.returned_minor, a.reason, a.submission_no,
       s.state AS submission_state, coalesce(s.group_facts, 0) AS group_facts, s.debtor_account
FROM attempt a LEFT JOIN submission s ON s.submission_no = a.submission_no
WHERE a.end_to_end_id = ANY ($1::text[]) ORDER BY a.attempt_no FOR UPDATE OF a;

-- name: add (the message is locked, so numbers do not collide)
INSERT INTO observation (message_no, ordinal, kind, path, reason, reason_text, account, amount_minor, currency, credit, booked,
    entry_ref, booking_date, told_by, statement, entry, tx_id, entry_minor, submission_no, attempt_no, verdict, rule, repeats)
SELECT o.message_no, last.ordinal + p.place, 'return entry', o.path || '/part[' || p.place || ']', o.reason, o.reason_text,
       o.account, a.amount_minor, o.currency, true, true, o.entry_ref, o.booking_date, o.told_by, o.statement, o.entry, o.tx_id,
       o.entry_minor, a.submission_no, a.attempt_no, 'matched', 'by hand', $4
FROM observation o
CROSS JOIN (SELECT max(ordinal) AS ordinal FROM observation WHERE message_no = $1) last
CROSS JOIN unnest($3::bigint[]) WITH ORDINALITY AS p (attempt_no, place)
JOIN attempt a ON a.attempt_no = p.attempt_no
WHERE o.message_no = $1 AND o.ordinal = $2
RETURNING ordinal;

-- name: of (whose a credit was that was split before)
SELECT p.attempt_no FROM observation o
JOIN observation p ON p.message_no = o.message_no AND starts_with(p.path, o.path || '/part[')
WHERE o.message_no = $1 AND o.ordinal = $2 ORDER BY p.ordinal;

-- name: told_before (credits of the same amount on the same account that were split, beside these of a message)
SELECT c.ordinal AS this, o.message_no, o.ordinal, o.statement, same_page(st.statement_no) AS page_no, o.entry_ref, o.tx_id
FROM observation c
JOIN observation o ON o.verdict = 'split by hand' AND o.amount_minor = c.amount_minor AND o.currency = c.currency
    AND o.account = c.account
JOIN bank_message m ON m.message_no = o.message_no AND m.bank = $3
LEFT JOIN statement st ON st.message_no = o.message_no AND st.place = o.statement
WHERE c.message_no = $1 AND c.ordinal = ANY ($2::int[]) ORDER BY o.message_no, o.ordinal;

-- name: told_elsewhere (credits without a home that may be the one of $1 and $2: of the same amount on the same account)
SELECT c.ordinal AS this, o.message_no, o.ordinal, o.statement, same_page(st.statement_no) AS page_no, o.entry_ref, o.tx_id
FROM observation c
JOIN observation o ON (o.submission_no IS NULL AND o.verdict IN ('orphan', 'lump return', 'ambiguous')
                       OR o.submission_no = c.submission_no AND o.verdict = 'lump return'
                          AND o.kind IN ('entry', 'batch entry', 'return entry'))
    AND o.credit AND o.booked AND o.amount_minor = c.amount_minor AND o.currency = c.currency AND o.account = c.account
    AND (o.message_no, o.ordinal) <> (c.message_no, c.ordinal)
JOIN bank_message m ON m.message_no = o.message_no AND m.bank = $3
LEFT JOIN statement st ON st.message_no = o.message_no AND st.place = o.statement
WHERE c.message_no = $1 AND c.ordinal = $2 ORDER BY o.message_no, o.ordinal;

-- name: let_go (who was held for a lump of this submission; those of whom all is told are held on, for a person)
WITH waiting AS (
    SELECT o.order_no, a.attempt_no, a.end_to_end_id, a.facts, a.closed FROM payment_order o JOIN attempt a ON a.order_no = o.order_no
    WHERE a.submission_no = $1 AND o.state = 'held' AND o.reason = 'lump return'
      AND NOT EXISTS (SELECT FROM exception e WHERE e.kind = 'lump return' AND e.submission_no = $1
                      AND e.state <> 'closed' AND e.exception_no <> $2)
    ORDER BY o.order_no FOR UPDATE OF o
), freed AS (
    UPDATE payment_order o SET state = 'payable', reason = NULL FROM waiting w WHERE o.order_no = w.order_no AND NOT w.closed
    RETURNING o.order_no
)
SELECT w.order_no, w.attempt_no, w.end_to_end_id, w.facts, s.group_facts, s.state, w.closed
FROM waiting w JOIN submission s ON s.submission_no = $1 LEFT JOIN freed f ON f.order_no = w.order_no
ORDER BY w.order_no;

-- name: exceptions_of (what is open about one of these credits)
SELECT key FROM exception
WHERE kind IN ('ambiguous', 'orphan', 'lump return') AND message_no = $1 AND ordinal = $2 AND state <> 'closed';
