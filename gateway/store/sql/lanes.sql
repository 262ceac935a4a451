-- name: known
SELECT EXISTS (SELECT FROM lane WHERE bank = $1);

-- name: declare
INSERT INTO lane (bank) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: failed
UPDATE lane SET failures = failures + 1,
    breaker = CASE WHEN failures + 1 >= $2 THEN 'open' ELSE breaker END,
    probe_at = CASE WHEN failures + 1 >= $2 AND breaker = 'closed' THEN $3 ELSE probe_at END
WHERE bank = $1;

-- name: worked
UPDATE lane SET failures = 0 WHERE bank = $1 AND failures > 0 AND breaker = 'closed';

-- name: take_probe (one worker probes; should it die, the next is due later)
UPDATE lane SET probe_at = $3 WHERE bank = $1 AND breaker = 'open' AND probe_at <= $2;

-- name: close_breaker
UPDATE lane SET breaker = 'closed', failures = 0, probe_at = NULL WHERE bank = $1 AND breaker = 'open';
