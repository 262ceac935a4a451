-- name: open
INSERT INTO exception (kind, key, bank, order_no, attempt_no, submission_no, message_no, detail, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (kind, key) DO NOTHING;

-- name: close_unknown (evidence ended the doubt)
UPDATE exception SET closed_at = $2 WHERE kind = 'unknown' AND submission_no = $1 AND closed_at IS NULL;
