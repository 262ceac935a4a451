-- name: figures (all members of a submission and all but those that the bank refused; 576: rejected, cancelled, see domain/facts.py)
SELECT s.submission_no, s.currency, s.payment_count, s.sum_minor,
       coalesce(array_agg(a.attempt_no ORDER BY a.attempt_no), '{}') AS everything,
       coalesce(array_agg(a.attempt_no ORDER BY a.attempt_no) FILTER (WHERE a.facts & 576 = 0), '{}') AS accepted,
       coalesce(sum(a.amount_minor), 0)::bigint AS everything_minor,
       coalesce(sum(a.amount_minor) FILTER (WHERE a.facts & 576 = 0), 0)::bigint AS accepted_minor
FROM submission s JOIN attempt a ON a.submission_no = s.submission_no
WHERE s.submission_no = $1 GROUP BY s.submission_no;

-- name: booked (the sums that were booked of a submission, matched or not yet)
SELECT o.message_no, o.ordinal, o.statement, same_page(st.statement_no) AS page_no,
       o.entry_ref, o.tx_id, o.amount_minor, o.currency, o.batch_count,
       o.verdict = 'matched batch sum' AS matched, coalesce(sent_again(st.statement_no), false) AS sent_again
FROM observation o LEFT JOIN statement st ON st.message_no = o.message_no AND st.place = o.statement
WHERE o.submission_no = $1 AND o.attempt_no IS NULL AND o.kind IN ('entry', 'batch entry', 'return entry')
  AND o.verdict IN ('batch sum waits for rejects', 'matched batch sum')
ORDER BY o.message_no, o.ordinal;

-- name: matched
UPDATE observation o SET verdict = 'matched batch sum', repeats = m.repeats
FROM unnest($1::bigint[], $2::int[], $3::boolean[]) AS m (message_no, ordinal, repeats)
WHERE o.message_no = m.message_no AND o.ordinal = m.ordinal;

-- name: told (what a person was told of waiting sums, by the keys that waiting_sums.py makes)
SELECT key, state = 'closed' AS closed, message_no, ordinal FROM exception WHERE kind = 'amount differs' AND key = ANY ($1::text[]);

-- name: waiting (the sum at $1 and $2 with the others that wait of its submission, locked)
SELECT o.message_no, o.ordinal, o.submission_no, o.amount_minor FROM observation o
WHERE o.verdict = 'batch sum waits for rejects' AND (o.message_no, o.ordinal) IN (
    SELECT $1::bigint, $2::int
    UNION SELECT other.message_no, other.ordinal FROM observation this
          JOIN observation other ON other.submission_no = this.submission_no AND other.attempt_no IS NULL
              AND other.kind IN ('entry', 'batch entry', 'return entry') AND other.verdict = 'batch sum waits for rejects'
          WHERE this.message_no = $1 AND this.ordinal = $2)
ORDER BY o.message_no, o.ordinal FOR UPDATE;

-- name: settle
UPDATE submission SET settled = true WHERE submission_no = $1 AND NOT settled;

-- name: one_at_a_time (whoever places the unnamed sums of a bank; the bank's name is hashed into a lock of its own)
SELECT pg_advisory_xact_lock(hashtextextended('sums of ' || $1::text, 0));

-- name: unplaced (sums of a bank that name no submission)
SELECT o.message_no, o.ordinal, o.statement, same_page(st.statement_no) AS page_no, o.entry_ref, o.tx_id, o.account,
       o.amount_minor, o.currency, o.batch_count, o.booking_date, o.verdict
FROM observation o JOIN bank_message m ON m.message_no = o.message_no AND m.bank = $1
LEFT JOIN statement st ON st.message_no = o.message_no AND st.place = o.statement
WHERE o.submission_no IS NULL AND o.verdict IN ('batch sum waits for rejects', 'ambiguous sum')
ORDER BY o.message_no, o.ordinal;

-- name: candidates (what was sent to the bank from this account about then and is not smaller than what was booked)
WITH fitting AS (
    SELECT s.submission_no, s.settled, s.payment_count, s.sum_minor FROM submission s
    WHERE s.bank = $1 AND s.debtor_account = $2 AND s.currency = $3 AND s.sum_booked
      AND s.state IN ('sending', 'delivered', 'unknown') AND s.payment_count >= $4::int AND s.sum_minor >= $5::bigint
      AND ($6::date IS NULL OR s.pay_date BETWEEN $6::date - $7::int AND $6::date + $8::int)
), member AS (
    SELECT f.submission_no, a.amount_minor,
           row_number() OVER (PARTITION BY f.submission_no ORDER BY a.amount_minor) AS from_least,
           row_number() OVER (PARTITION BY f.submission_no ORDER BY a.amount_minor DESC) AS from_most,
           count(*) OVER (PARTITION BY f.submission_no) - $4::int AS more
    FROM fitting f JOIN attempt a ON a.submission_no = f.submission_no AND a.facts & 576 = 0
)
SELECT f.submission_no, f.settled, f.payment_count, f.sum_minor, coalesce(m.accepted_count, 0) AS accepted_count,
       coalesce(m.accepted_minor, 0) AS accepted_minor, coalesce(m.least_minor, 0) AS least_minor,
       coalesce(m.most_minor, 0) AS most_minor
FROM fitting f LEFT JOIN (
    SELECT submission_no, count(*)::int AS accepted_count, sum(amount_minor)::bigint AS accepted_minor,
           coalesce(sum(amount_minor) FILTER (WHERE from_least <= more), 0)::bigint AS least_minor,
           coalesce(sum(amount_minor) FILTER (WHERE from_most <= more), 0)::bigint AS most_minor
    FROM member GROUP BY submission_no
) m ON m.submission_no = f.submission_no
ORDER BY f.submission_no;

-- name: place
UPDATE observation SET verdict = $3, submission_no = $4, rule = $5 WHERE message_no = $1 AND ordinal = $2;

-- name: lumps_of (submissions whose booked sum these credits of a message equal)
SELECT c.ordinal, array_agg(DISTINCT s.submission_no) AS submission_nos
FROM observation c
JOIN submission s ON s.bank = $3 AND s.debtor_account = c.account AND s.currency = c.currency AND s.settled
    AND (c.booking_date IS NULL OR s.pay_date BETWEEN c.booking_date - $4::int AND c.booking_date + $5::int)
JOIN observation o ON o.submission_no = s.submission_no AND o.attempt_no IS NULL AND o.verdict = 'matched batch sum'
    AND o.kind IN ('entry', 'batch entry') AND o.amount_minor = c.amount_minor
WHERE c.message_no = $1 AND c.ordinal = ANY ($2::int[])
GROUP BY c.ordinal;

-- name: hold_lump (who was in the sum that came back; returns the orders that were not held yet)
WITH orders AS (
    SELECT o.order_no FROM payment_order o JOIN attempt a ON a.order_no = o.order_no
    WHERE a.submission_no = $1 AND a.facts & 576 = 0 AND o.state = 'payable' ORDER BY o.order_no FOR UPDATE OF o
)
UPDATE payment_order o SET state = 'held', reason = 'lump return' FROM orders WHERE o.order_no = orders.order_no
RETURNING o.order_no, (SELECT a.end_to_end_id FROM attempt a WHERE a.order_no = o.order_no AND a.submission_no = $1) AS end_to_end_id;
