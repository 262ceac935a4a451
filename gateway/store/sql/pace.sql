-- name: take (the lane's next moment, if its time has come; whoever takes it keeps the others out until it commits)
UPDATE lane SET paced_until = $3 WHERE bank = $1 AND (paced_until IS NULL OR paced_until <= $2);

-- name: due (when the lane may send next, if something waits for nothing else)
SELECT l.paced_until FROM lane l
WHERE l.bank = $1 AND l.paced_until > $2 AND l.breaker = 'closed' AND EXISTS (
    SELECT FROM submission s WHERE s.bank = l.bank AND s.state IN ('sealed', 'not sent')
    AND (s.next_attempt_at IS NULL OR s.next_attempt_at <= l.paced_until));
