-- name: take (oldest first; of a bank that this process has a profile for; one left behind is taken over)
UPDATE bank_message SET leased_by = $1, lease_until = $3
WHERE message_no = (
    SELECT m.message_no FROM bank_message m
    WHERE m.state = 'received' AND m.bank = ANY ($4::text[]) AND (m.lease_until IS NULL OR m.lease_until < $2 OR m.leased_by = $1)
    ORDER BY m.message_no LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING message_no, bank, read_through;

-- name: pieces
SELECT piece FROM bank_message_bytes WHERE message_no = $1 ORDER BY piece_no;

-- name: advance
UPDATE bank_message SET read_through = $3, lease_until = $5, state = CASE WHEN $4 THEN 'read' ELSE state END
WHERE message_no = $1 AND state = 'received' AND leased_by = $2;

-- name: drop_observations
DELETE FROM observation WHERE message_no = $1;

-- name: unreadable
UPDATE bank_message SET state = 'unreadable', failure = $3, read_through = 0
WHERE message_no = $1 AND state = 'received' AND leased_by = $2;

-- name: unreadable_lately
SELECT count(*) FROM (SELECT state FROM bank_message WHERE bank = $1 ORDER BY message_no DESC LIMIT $2) latest
WHERE state = 'unreadable';
