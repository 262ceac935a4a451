-- name: lanes_waiting
SELECT l.lane FROM outcome_lane l
WHERE EXISTS (SELECT FROM outcome_event e WHERE e.lane = l.lane AND e.published_at IS NULL) ORDER BY l.lane;

-- name: waiting
SELECT EXISTS (SELECT FROM outcome_event WHERE lane = $1 AND published_at IS NULL);

-- name: lease
UPDATE outcome_lane SET owner = $2, lease_until = $4, epoch = epoch + CASE WHEN owner = $2 THEN 0 ELSE 1 END
WHERE lane = $1 AND (owner IS NULL OR owner = $2 OR lease_until < $3)
RETURNING epoch;

-- name: unpublished (an order's events are numbered under its lock, so rising event numbers keep their order)
SELECT event_no, order_no, outcome_no, source, key, document, created_at FROM outcome_event
WHERE lane = $1 AND published_at IS NULL ORDER BY event_no LIMIT $2;

-- name: published (only while the lane is ours; else the next owner publishes them again)
UPDATE outcome_event e SET published_at = $3
FROM outcome_lane l
WHERE l.lane = $1 AND l.owner = $4 AND l.epoch = $5
  AND e.lane = $1 AND e.event_no = ANY ($2::bigint[]) AND e.published_at IS NULL;
