-- name: events (refusals in a transport, as they were told)
SELECT ordinal, entry_ref, booking_date, status, reason, reason_text FROM observation
WHERE message_no = $1 AND ordinal = ANY ($2::int[]) ORDER BY ordinal;

-- name: end_recalls (the bank was asked and has answered, or the money is back)
UPDATE recall SET state = $2 WHERE attempt_no = ANY ($1::bigint[]) AND state = 'asked';
