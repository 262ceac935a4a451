-- name: known
SELECT EXISTS (SELECT FROM lane WHERE bank = $1);

-- name: declare
INSERT INTO lane (bank) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: failed
UPDATE lane SET failures = failures + 1,
    breaker = CASE WHEN failures + 1 >= $2 THEN 'open' ELSE breaker END,
    probe_at = CASE WHEN failures + 1 >= $2 AND breaker = 'closed' THEN $3 ELSE probe_at END
WHERE bank = $1;

-- name: asked ($2: until when the bank asked us to wait; a longer wait that it asked for stands)
UPDATE lane SET asked_until = greatest(asked_until, $2) WHERE bank = $1;

-- name: due_now (what waits at a bank for nothing but time; what a worker has in hand is left to it)
UPDATE submission s SET next_attempt_at = $2 FROM (
    SELECT w.submission_no FROM submission w
    WHERE w.bank = $1 AND w.state IN ('not sent', 'unknown') AND w.next_attempt_at > $2
    ORDER BY w.submission_no FOR UPDATE SKIP LOCKED
) AS later WHERE s.submission_no = later.submission_no;

-- name: lift (the wait that a bank asked for ends, also before the probe of an open lane)
UPDATE lane SET asked_until = NULL, lifted_at = $2, lifted_by = $3,
    probe_at = CASE WHEN breaker = 'open' THEN least(probe_at, $2) END
WHERE bank = $1;

-- name: lifted_at
SELECT lifted_at FROM lane WHERE bank = $1;

-- name: worked
UPDATE lane SET failures = 0 WHERE bank = $1 AND failures > 0 AND breaker = 'closed';

-- name: take_probe (one worker probes; should it die, the next is due later)
UPDATE lane SET probe_at = $3 WHERE bank = $1 AND breaker = 'open' AND probe_at <= $2;

-- name: close_breaker
UPDATE lane SET breaker = 'closed', failures = 0, probe_at = NULL WHERE bank = $1 AND breaker = 'open';
