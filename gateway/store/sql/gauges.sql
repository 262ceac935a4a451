-- name: one_snapshot (all figures of a reading are of the same moment)
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: lanes (every bank)
SELECT l.bank, l.breaker = 'open' AS breaker_open, paused(l.bank, '') AS paused,
       coalesce(u.submissions, 0) AS unknown, u.since AS unknown_since
FROM lane l
LEFT JOIN (
    SELECT s.bank, count(*) AS submissions,
           min((SELECT max(e.at) FROM submission_event e
                WHERE e.submission_no = s.submission_no AND e.to_state = 'unknown')) AS since
    FROM submission s WHERE s.state = 'unknown' GROUP BY s.bank
) u ON u.bank = l.bank
ORDER BY l.bank;

-- name: working (every bank, zeros too)
SELECT l.bank, k.state, coalesce(sum(s.payment_count), 0)::bigint AS payments
FROM lane l CROSS JOIN unnest(ARRAY['open', 'sealed', 'sending', 'not sent', 'unknown']) AS k (state)
LEFT JOIN submission s ON s.bank = l.bank AND s.state = k.state AND s.state IN ('open', 'sealed', 'sending', 'not sent', 'unknown')
GROUP BY l.bank, k.state ORDER BY l.bank, k.state;

-- name: exceptions
SELECT kind, count(*) AS open, count(*) FILTER (WHERE due_at < $1) AS overdue, min(opened_at) AS since
FROM exception WHERE state <> 'closed' GROUP BY kind ORDER BY kind;

-- name: unsettled_statements (every bank, zeros too)
SELECT l.bank AS what, count(s.statement_no) AS count
FROM lane l LEFT JOIN statement s ON s.bank = l.bank AND s.state = 'proved' AND NOT s.settled
GROUP BY l.bank ORDER BY l.bank;

-- name: pauses (every scope, zeros too)
SELECT k.scope AS what, count(p.scope) AS count FROM unnest(ARRAY['all', 'bank', 'source']) AS k (scope)
LEFT JOIN pause p ON p.scope = k.scope AND p.resumed_at IS NULL GROUP BY k.scope ORDER BY k.scope;

-- name: stops (every kind, zeros too)
SELECT k.kind AS what, count(s.stop_no) AS count
FROM unnest(ARRAY['person', 'account', 'order', 'benefit', 'source', 'bank', 'mandate']) AS k (kind)
LEFT JOIN stop s ON s.kind = k.kind AND s.state = 'active' GROUP BY k.kind ORDER BY k.kind;

-- name: kept_back (an order that two stops keep counts once)
SELECT o.currency AS what, sum(o.amount_minor)::bigint AS count FROM payment_order o
WHERE o.state = 'payable' AND o.order_no IN (
    SELECT c.order_no FROM stop_catch c JOIN stop s ON s.stop_no = c.stop_no AND s.state = 'active' WHERE c.how = 'kept')
GROUP BY o.currency ORDER BY o.currency;

-- name: whole ($2: banks whose payments wait in no submission, as their profiles say; an order's events are published in the order of their numbers: the first of a lane is its oldest)
SELECT (SELECT min(b.ended_at) FROM batch b
        WHERE b.state = 'released' AND (NOT b.cut_done OR b.batch_no IN (
            SELECT o.batch_no FROM attempt a JOIN payment_order o ON o.order_no = a.order_no
            WHERE a.submission_no IS NULL AND NOT a.closed AND a.bank <> ALL ($2::text[])))) AS uncut_since,
       (SELECT count(*) FROM exception WHERE closed_at IS NULL AND detail ->> 'alarm' = 'security') AS security_alarms,
       (SELECT count(*) FROM partition_lease WHERE incarnation = $1 AND stopped IS NOT NULL) AS partitions_stopped,
       (SELECT count(*) FROM outcome_event WHERE published_at IS NULL) AS outbox,
       (SELECT min(first.created_at) FROM outcome_lane l CROSS JOIN LATERAL (
            SELECT e.created_at FROM outcome_event e
            WHERE e.lane = l.lane AND e.published_at IS NULL ORDER BY e.event_no LIMIT 1) first) AS outbox_since;

-- name: pay_day (today if something is to be paid, else the next day for which a batch is released, else the last one)
SELECT coalesce(min(pay_date) FILTER (WHERE pay_date >= $1), max(pay_date)) FROM batch WHERE state = 'released';

-- name: at_rest (every lane: whether something waits for its pace alone, or because its bank asked; and payments that are in no
-- submission)
SELECT l.bank, coalesce(l.paced_until > $1, false) AND l.breaker = 'closed' AND EXISTS (
           SELECT FROM submission s WHERE s.bank = l.bank AND s.state IN ('sealed', 'not sent')
           AND (s.next_attempt_at IS NULL OR s.next_attempt_at <= l.paced_until)) AS for_pace,
       coalesce(l.asked_until > $1, false) AND l.breaker = 'closed' AND EXISTS (
           SELECT FROM submission s WHERE s.bank = l.bank AND s.state IN ('sealed', 'not sent')
           AND (s.next_attempt_at IS NULL OR s.next_attempt_at <= l.asked_until)) AS asked,
       (SELECT count(*) FROM attempt a WHERE a.bank = l.bank AND a.submission_no IS NULL AND NOT a.closed) AS payments
FROM lane l ORDER BY l.bank;
