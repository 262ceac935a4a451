-- name: one_snapshot (all figures of a reading are of the same moment)
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: lanes (every bank, with what waits since when; a batch's payments wait from its release)
SELECT l.bank, l.breaker = 'open' AS breaker_open, paused(l.bank, '') AS paused,
       coalesce(u.submissions, 0) AS unknown, u.since AS unknown_since, w.since AS waiting_since
FROM lane l
LEFT JOIN (
    SELECT s.bank, count(*) AS submissions,
           min((SELECT max(e.at) FROM submission_event e
                WHERE e.submission_no = s.submission_no AND e.to_state = 'unknown')) AS since
    FROM submission s WHERE s.state = 'unknown' GROUP BY s.bank
) u ON u.bank = l.bank
LEFT JOIN (
    SELECT s.bank, min(b.ended_at) AS since
    FROM submission s JOIN batch b ON b.batch_no = s.batch_no
    WHERE s.state IN ('open', 'sealed', 'not sent') GROUP BY s.bank
) w ON w.bank = l.bank
ORDER BY l.bank;

-- name: working
SELECT bank, state, sum(payment_count)::bigint AS payments FROM submission
WHERE state IN ('open', 'sealed', 'sending', 'not sent', 'unknown')
GROUP BY bank, state ORDER BY bank, state;

-- name: exceptions
SELECT kind AS what, count(*) AS count FROM exception WHERE closed_at IS NULL GROUP BY kind ORDER BY kind;

-- name: pauses
SELECT scope AS what, count(*) AS count FROM pause WHERE resumed_at IS NULL GROUP BY scope ORDER BY scope;

-- name: whole (an order's events are published in the order of their numbers: the first of a lane is its oldest)
SELECT (SELECT min(b.ended_at) FROM batch b
        WHERE b.state = 'released' AND (NOT b.cut_done OR b.batch_no IN (
            SELECT o.batch_no FROM attempt a JOIN payment_order o ON o.order_no = a.order_no
            WHERE a.submission_no IS NULL AND NOT a.closed))) AS uncut_since,
       (SELECT count(*) FROM exception WHERE closed_at IS NULL AND detail ->> 'alarm' = 'security') AS security_alarms,
       (SELECT count(*) FROM partition_lease WHERE incarnation = $1 AND stopped IS NOT NULL) AS partitions_stopped,
       (SELECT count(*) FROM outcome_event WHERE published_at IS NULL) AS outbox,
       (SELECT min(first.created_at) FROM outcome_lane l CROSS JOIN LATERAL (
            SELECT e.created_at FROM outcome_event e
            WHERE e.lane = l.lane AND e.published_at IS NULL ORDER BY e.event_no LIMIT 1) first) AS outbox_since;

-- name: pay_day (today if something is to be paid, else the next day for which a batch is released)
SELECT min(pay_date) FROM batch WHERE state = 'released' AND pay_date >= $1;
