-- name: lease (ours to renew, free, or left behind by its owner)
INSERT INTO pick_up (bank, owner, lease_until) VALUES ($1, $2, $4)
ON CONFLICT (bank) DO UPDATE SET owner = $2, lease_until = $4
WHERE pick_up.owner IS NULL OR pick_up.owner = $2 OR pick_up.lease_until < $3;

-- name: leave (a worker that stops in good order)
UPDATE pick_up SET owner = NULL, lease_until = NULL WHERE bank = $1 AND owner = $2;

-- name: stored (whether the message is committed with us: only then may the bank put its file away. One that could not be read, or
-- holds one, is told again before, unless it was, $3: a bank that leaves it once more was asked to)
SELECT EXISTS (
    SELECT FROM bank_message m WHERE m.bank = $1 AND m.digest = $2 AND ($3 OR (m.state <> 'unreadable' AND NOT EXISTS (
        SELECT FROM bank_message i
        WHERE i.bank = $1 AND i.state = 'unreadable' AND i.origin ->> 'archive' = encode(m.digest, 'hex')))));
