-- name: pause
INSERT INTO pause (scope, value, reason, set_at, set_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (scope, value) WHERE resumed_at IS NULL DO NOTHING;

-- name: resume
UPDATE pause SET resumed_at = $3, resumed_by = $4 WHERE scope = $1 AND value = $2 AND resumed_at IS NULL;

-- name: active
SELECT scope, value, reason, set_at, set_by FROM pause WHERE resumed_at IS NULL ORDER BY pause_no;
