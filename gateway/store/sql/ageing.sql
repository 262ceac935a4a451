-- name: open (bits of domain/facts.py: 583 statuses, which take the place of the group's; 1056 booked twice or contradicted; 576
-- rejected or cancelled; 30 moved; 384 came back; 2048 at the counter, where only 4, credited, is paid; else 28 is)
WITH live AS (
    SELECT o.order_no, o.state, o.currency, o.amount_minor, b.ended_at, a.bank, a.presumed, s.state AS submission_state,
           s.submission_no, s.delivered_at, a.attempt_no IS NOT NULL AS attempted,
           coalesce(CASE WHEN a.facts & 583 <> 0 THEN a.facts ELSE a.facts | coalesce(s.group_facts, 0) END, 0) AS facts
    FROM batch b
    JOIN payment_order o ON o.batch_no = b.batch_no AND o.state IN ('held', 'payable')
    LEFT JOIN attempt a ON a.order_no = o.order_no AND NOT a.closed
    LEFT JOIN submission s ON s.submission_no = a.submission_no
    WHERE b.state = 'released' AND ($2 OR o.source = ANY ($3::text[]))
), placed AS (
    SELECT CASE
               WHEN facts & 1056 <> 0 OR facts & 576 <> 0 AND facts & 30 <> 0 AND facts & 384 = 0 THEN 'conflict'
               WHEN facts & 384 <> 0 THEN 'returned, not closed'
               WHEN facts & 576 <> 0 THEN 'rejected, not closed'
               WHEN facts & 4 <> 0 OR facts & 28 <> 0 AND facts & 2048 = 0 THEN CASE WHEN state = 'held' THEN 'held' END
               WHEN submission_state = 'unknown' THEN 'unknown'
               WHEN presumed THEN 'presumed'
               WHEN submission_state IN ('sending', 'delivered') THEN 'in flight'
               WHEN state = 'held' THEN 'held'
               ELSE 'waiting' END AS what, live.*
    FROM live
), work AS (
    SELECT what,
           CASE WHEN what IN ('conflict', 'returned, not closed') THEN 'accounting'
                WHEN what = 'held' THEN 'benefits' ELSE 'operations' END AS owner,
           coalesce(bank, '') AS bank, currency, amount_minor AS minor,
           coalesce(CASE WHEN what = 'unknown' THEN (SELECT max(e.at) FROM submission_event e
                                                     WHERE e.submission_no = placed.submission_no AND e.to_state = 'unknown') END,
                    delivered_at, ended_at) AS since
    FROM placed
    WHERE what IS NOT NULL AND (attempted OR state = 'held' OR NOT EXISTS (  -- closed by two people who found it paid
        SELECT FROM attempt d WHERE d.order_no = placed.order_no AND d.facts & 60 <> 0
          AND (d.facts & 256 = 0 OR d.returned_minor < d.amount_minor)))
    UNION ALL
    SELECT 'exception: ' || x.kind, coalesce(x.owner, x.role), coalesce(x.bank, ''), coalesce(x.currency, ''),
           coalesce(x.amount_minor, 0), x.opened_at
    FROM exception x
    LEFT JOIN attempt a ON a.attempt_no = x.attempt_no
    LEFT JOIN payment_order o ON o.order_no = coalesce(x.order_no, a.order_no)
    LEFT JOIN submission s ON s.submission_no = x.submission_no
    LEFT JOIN batch b ON b.batch_no = s.batch_no
    WHERE x.state <> 'closed' AND ($2 OR coalesce(o.source, b.source) = ANY ($3::text[]))
), aged AS (
    SELECT w.*, (SELECT count(*) FROM unnest($4::int[]) AS d WHERE $1 - w.since >= make_interval(days => d))::int + 1 AS age FROM work w
)
SELECT what, owner, bank, currency, ($5::text[])[age] AS bucket, count(*) AS count, sum(minor)::bigint AS minor, min(since) AS since
FROM aged GROUP BY what, owner, bank, currency, age ORDER BY age, what, owner, bank, currency;
