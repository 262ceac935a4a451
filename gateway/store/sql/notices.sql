-- name: hear (once for each id of a source)
INSERT INTO stop_notice (source, event_id, digest, reason_class, effective_on, origin, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (source, event_id) DO NOTHING RETURNING notice_no;

-- name: known
SELECT digest, stop_nos FROM stop_notice WHERE source = $1 AND event_id = $2;

-- name: stopped
UPDATE stop_notice SET stop_nos = $2 WHERE notice_no = $1;
