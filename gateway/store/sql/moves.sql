-- name: move (guarded by the state it moves from; the event row is written only if it moved)
WITH moved AS (
    UPDATE submission SET state = $3, next_attempt_at = $8, delivered_at = CASE WHEN $3 = 'delivered' THEN $5 ELSE delivered_at END
    WHERE submission_no = $1 AND state = $2 RETURNING submission_no
)
INSERT INTO submission_event (submission_no, event_no, from_state, to_state, why, at, actor, evidence)
SELECT m.submission_no,
       (SELECT coalesce(max(e.event_no), 0) + 1 FROM submission_event e WHERE e.submission_no = m.submission_no),
       $2, $3, $4, $5, $6, $7
FROM moved m;

-- name: move_all (each guarded as in `move`; returns those that moved)
WITH moved AS (
    UPDATE submission s SET state = $3, next_attempt_at = m.due,
        delivered_at = CASE WHEN $3 = 'delivered' THEN $5::timestamptz ELSE s.delivered_at END
    FROM unnest($1::bigint[], $7::jsonb[], $8::timestamptz[]) AS m (submission_no, evidence, due)
    WHERE s.submission_no = m.submission_no AND s.state = $2 RETURNING s.submission_no, m.evidence
), told AS (
    INSERT INTO submission_event (submission_no, event_no, from_state, to_state, why, at, actor, evidence)
    SELECT m.submission_no,
           (SELECT coalesce(max(e.event_no), 0) + 1 FROM submission_event e WHERE e.submission_no = m.submission_no),
           $2, $3, $4, $5, $6, m.evidence
    FROM moved m
)
SELECT submission_no FROM moved ORDER BY submission_no;

-- name: free_members (what a void or dissolved submission held waits to be cut again; it is remembered who was in it)
WITH freed AS (UPDATE attempt SET submission_no = NULL WHERE submission_no = $1 AND NOT closed RETURNING attempt_no)
INSERT INTO former_member (submission_no, attempt_no) SELECT $1, attempt_no FROM freed;
