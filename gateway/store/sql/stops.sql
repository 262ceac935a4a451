-- name: gate (alone: no intent commits between here and our commit; see intent_gate)
SELECT pg_advisory_xact_lock(1735467123);

-- name: intent_gate (shared by intents, held until they commit)
SELECT pg_advisory_xact_lock_shared(1735467123);

-- name: set (the same active stop again is the same row)
INSERT INTO stop (kind, source, value, reason, set_at, set_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (source, kind, value, reason) WHERE state = 'active' DO UPDATE SET swept = false
RETURNING stop_no, kind, source, value, reason, state, set_at, set_by, lift_asked_by, lifted_by;

-- name: lock
SELECT stop_no, kind, source, value, reason, state, set_at, set_by, lift_asked_by, lifted_by
FROM stop WHERE stop_no = $1 FOR UPDATE;

-- name: all
SELECT stop_no, kind, source, value, reason, state, set_at, set_by, lift_asked_by, lifted_by
FROM stop WHERE $2 OR source = ANY ($1::text[]) ORDER BY stop_no DESC;

-- name: ask_lift
UPDATE stop SET lift_asked_by = $2, lift_asked_at = $3 WHERE stop_no = $1 AND state = 'active';

-- name: lift (the CHECK refuses the same person twice)
UPDATE stop SET state = 'lifted', lifted_by = $2, lifted_at = $3 WHERE stop_no = $1 AND state = 'active';

-- name: caught_before_sending (what another holds is an intent waiting at the gate: it will see this stop and void itself)
SELECT s.submission_no, s.state
FROM submission s
WHERE s.state IN ('sealed', 'not sent')
  AND EXISTS (SELECT FROM stops_on(ARRAY(SELECT a.order_no FROM attempt a WHERE a.submission_no = s.submission_no)))
ORDER BY s.submission_no
FOR UPDATE OF s SKIP LOCKED;

-- name: propose_recalls (what is on its way: no fact yet that it was paid, came back or was refused; bits of domain/facts.py)
WITH on_its_way AS (
    SELECT a.attempt_no, a.order_no
    FROM submission sub
    JOIN attempt a ON a.submission_no = sub.submission_no
    WHERE sub.state IN ('sending', 'delivered', 'unknown') AND NOT a.closed
      AND (CASE WHEN a.facts & (1 | 2 | 4 | 64 | 512) <> 0 THEN a.facts ELSE a.facts | sub.group_facts END) & (4 | 8 | 16 | 64 | 128 | 256 | 512) = 0
)
INSERT INTO recall (attempt_no, stop_no, reason, proposed_at)
SELECT w.attempt_no, s.stop_no, s.reason, $2
FROM stops_on(ARRAY(SELECT order_no FROM on_its_way)) caught
JOIN stop s ON s.stop_no = caught.stop_no AND s.stop_no = $1
JOIN on_its_way w ON w.order_no = caught.order_no
ON CONFLICT (attempt_no) DO NOTHING;

-- name: swept
UPDATE stop SET swept = true WHERE stop_no = $1;

-- name: next_unswept
SELECT stop_no FROM stop WHERE NOT swept ORDER BY stop_no LIMIT 1;
