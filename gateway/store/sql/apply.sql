-- name: pick (messages wholly read of banks that this process knows, oldest first; each is applied by one worker at a time)
SELECT message_no, bank, applied_through, read_through FROM bank_message
WHERE state = 'read' AND bank = ANY ($1::text[]) ORDER BY message_no LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: heard (the next observations of a message beside what they name; identity only: UETR, EndToEndId, MsgId, PmtInfId)
WITH chunk AS (
    SELECT * FROM observation WHERE message_no = $1 AND ordinal > $3 ORDER BY ordinal LIMIT $4
)
SELECT c.ordinal, c.kind, $2 AS bank, c.status, c.reason, c.reason_text, c.account, c.amount_minor, c.currency, c.credit,
       c.booked, c.charged, c.entry_ref,
       a.attempt_no,
       CASE WHEN a.attempt_no IS NULL THEN s.submission_no ELSE a.submission_no END AS named_submission_no,
       CASE WHEN a.attempt_no IS NULL THEN coalesce(s.bank, other.bank) ELSE a.bank END AS sent_to,
       CASE WHEN a.attempt_no IS NULL THEN s.state ELSE member_of.state END AS state,
       CASE WHEN a.attempt_no IS NULL THEN s.debtor_account ELSE member_of.debtor_account END AS debtor_account,
       a.amount_minor AS expected_minor, a.currency AS expected_currency,
       coalesce(a.end_to_end_id <> c.end_to_end_id, false) AS names_two
FROM chunk c
LEFT JOIN attempt by_uetr ON c.uetr IS NOT NULL AND by_uetr.uetr = c.uetr
LEFT JOIN attempt by_id ON by_uetr.attempt_no IS NULL AND by_id.end_to_end_id = c.end_to_end_id
LEFT JOIN attempt a ON a.attempt_no = coalesce(by_uetr.attempt_no, by_id.attempt_no)
LEFT JOIN submission member_of ON member_of.submission_no = a.submission_no
LEFT JOIN submission s ON a.attempt_no IS NULL AND c.kind IN ('submission status', 'batch entry')
    AND s.bank = $2 AND s.msg_id = coalesce(c.msg_id, left(c.pmt_inf_id, -2))
LEFT JOIN LATERAL (
    SELECT o.bank FROM submission o
    WHERE a.attempt_no IS NULL AND s.submission_no IS NULL AND c.kind IN ('submission status', 'batch entry')
      AND o.msg_id = coalesce(c.msg_id, left(c.pmt_inf_id, -2)) LIMIT 1
) other ON true
ORDER BY c.ordinal;

-- name: lock_submissions
SELECT submission_no, state, group_facts FROM submission
WHERE submission_no = ANY ($1::bigint[]) ORDER BY submission_no FOR UPDATE;

-- name: lock_attempts (those named, and every member of the submissions of which something was said as a whole)
SELECT attempt_no, order_no, submission_no, end_to_end_id, facts, entry_ref, reason, closed FROM attempt
WHERE attempt_no = ANY ($1::bigint[]) OR submission_no = ANY ($2::bigint[])
ORDER BY attempt_no FOR UPDATE;

-- name: verdicts
UPDATE observation o SET verdict = v.verdict, attempt_no = v.attempt_no, submission_no = v.submission_no
FROM unnest($2::int[], $3::text[], $4::bigint[], $5::bigint[]) AS v (ordinal, verdict, attempt_no, submission_no)
WHERE o.message_no = $1 AND o.ordinal = v.ordinal;

-- name: add_group_facts
UPDATE submission SET group_facts = group_facts | $2, group_reason = coalesce(group_reason, $3) WHERE submission_no = $1;

-- name: add_facts
UPDATE attempt a SET facts = a.facts | v.facts, reason = v.reason, entry_ref = v.entry_ref
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[]) AS v (attempt_no, facts, reason, entry_ref)
WHERE a.attempt_no = v.attempt_no;

-- name: hold_contradicted (something was heard of an attempt that was closed with proof: nothing more is sent for the order)
UPDATE payment_order SET state = 'held', reason = 'conflict' WHERE order_no = ANY ($1::bigint[]) AND state = 'payable';

-- name: applied
UPDATE bank_message SET applied_through = $2,
    state = CASE WHEN $2 >= read_through THEN 'applied' ELSE state END
WHERE message_no = $1;

-- name: members_of_booked_sum (64: rejected; see domain/facts.py)
WITH member AS (
    SELECT a.attempt_no, a.amount_minor, (a.facts & 64 <> 0) AS rejected FROM attempt a WHERE a.submission_no = $1
), sums AS (
    SELECT sum(amount_minor) AS everything, sum(amount_minor) FILTER (WHERE NOT rejected) AS accepted,
           count(*) AS members, count(*) FILTER (WHERE NOT rejected) AS accepted_members
    FROM member
), booked AS (
    SELECT o.amount_minor, o.batch_count FROM observation o
    JOIN submission s ON s.submission_no = o.submission_no AND s.currency = o.currency
    WHERE o.submission_no = $1 AND o.kind = 'batch entry' AND o.verdict = 'batch sum waits for rejects'
)
SELECT m.attempt_no
FROM member m, sums s
WHERE EXISTS (SELECT FROM booked b WHERE b.amount_minor = s.everything AND coalesce(b.batch_count, s.members) = s.members)
   OR (NOT m.rejected AND EXISTS (SELECT FROM booked b WHERE b.amount_minor = s.accepted
                                  AND coalesce(b.batch_count, s.accepted_members) = s.accepted_members))
ORDER BY m.attempt_no;

-- name: impossible_sum (booked as more, of more payments or in another currency than was sent: no reject makes it fit)
SELECT EXISTS (
    SELECT FROM observation o JOIN submission s ON s.submission_no = o.submission_no
    WHERE o.submission_no = $1 AND o.kind = 'batch entry' AND o.verdict = 'batch sum waits for rejects'
      AND (o.amount_minor > s.sum_minor OR o.batch_count > s.payment_count OR o.currency <> s.currency));

-- name: sum_matched (returns the references under which the sum was booked, now and before: two are two bookings)
WITH settled AS (UPDATE submission SET settled = true WHERE submission_no = $1),
matched AS (
    UPDATE observation SET verdict = 'matched batch sum'
    WHERE submission_no = $1 AND kind = 'batch entry' AND verdict = 'batch sum waits for rejects'
)
SELECT DISTINCT entry_ref FROM observation
WHERE submission_no = $1 AND kind = 'batch entry' AND entry_ref IS NOT NULL
  AND verdict IN ('batch sum waits for rejects', 'matched batch sum');
