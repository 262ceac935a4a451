-- name: room (sorts and joins of a million rows stay in memory; until the end of the transaction)
SET LOCAL work_mem = '64MB';

-- name: rates (over orders that were to be paid, by the last attempt: how many, how many without an exception, a hand or a
-- stop, how many were credited, on the day of approval, and how long that took. Bits of domain/facts.py as in ageing.sql.
-- Where the bank's booking does not say that the payee has the money, the telling of *paid* dates it)
WITH day AS MATERIALIZED (
    SELECT b.batch_no FROM batch b
    WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[]))
), touched AS MATERIALIZED (
    SELECT x.order_no FROM exception x WHERE x.order_no IS NOT NULL
    UNION SELECT a.order_no FROM exception x JOIN attempt a ON a.attempt_no = x.attempt_no
    UNION SELECT a.order_no FROM day d JOIN submission s ON s.batch_no = d.batch_no
        JOIN exception x ON x.submission_no = s.submission_no AND x.order_no IS NULL AND x.attempt_no IS NULL
        JOIN attempt a ON a.submission_no = s.submission_no
    UNION SELECT c.order_no FROM stop_catch c
), bank_day AS MATERIALIZED (
    SELECT o.submission_no, o.attempt_no, min(o.booking_date) AS booked_on
    FROM day d JOIN submission s ON s.batch_no = d.batch_no
    JOIN observation o ON o.submission_no = s.submission_no AND o.kind IN ('entry', 'batch entry', 'return entry')
    WHERE o.booked AND NOT o.credit AND o.verdict IN ('matched', 'matched batch sum') AND o.booking_date IS NOT NULL
    GROUP BY 1, 2
), last AS (
    SELECT o.order_no, o.source, o.benefit, o.approved_at, a.attempt_no, a.submission_no, a.bank, a.booked_at,
           coalesce(CASE WHEN a.facts & 583 <> 0 THEN a.facts ELSE a.facts | coalesce(s.group_facts, 0) END, 0) AS facts
    FROM day d
    JOIN payment_order o ON o.batch_no = d.batch_no AND o.state NOT IN ('refused', 'cancelled', 'replaced')
    LEFT JOIN attempt a ON a.order_no = o.order_no
        AND NOT EXISTS (SELECT FROM attempt later WHERE later.order_no = a.order_no AND later.generation > a.generation)
    LEFT JOIN submission s ON s.submission_no = a.submission_no
), placed AS (
    SELECT last.*, facts & 2016 = 0 AND (facts & 4 <> 0 OR facts & 24 <> 0 AND facts & 2048 = 0) AS paid,
           facts & 2048 <> 0 OR booked_at IS NULL AS by_status
    FROM last
), timed AS (
    SELECT p.source COLLATE "C" AS source, p.benefit COLLATE "C" AS benefit, p.bank COLLATE "C" AS bank, p.approved_at,
           p.paid AND t.order_no IS NULL AS straight,
           CASE WHEN NOT p.by_status THEN p.booked_at
                WHEN p.paid THEN (SELECT min(e.created_at) FROM outcome_event e
                                  WHERE e.order_no = p.order_no AND e.document::jsonb ->> 'outcome' = 'paid') END AS credited_at,
           CASE WHEN NOT p.by_status THEN coalesce(own.booked_on, whole.booked_on) END AS booked_on
    FROM placed p
    LEFT JOIN touched t ON t.order_no = p.order_no
    LEFT JOIN bank_day own ON own.attempt_no = p.attempt_no
    LEFT JOIN bank_day whole ON whole.submission_no = p.submission_no AND whole.attempt_no IS NULL
), counted AS (
    SELECT source, benefit, bank, straight, extract(epoch FROM credited_at - approved_at)::int AS seconds,
           coalesce(booked_on, (credited_at AT TIME ZONE 'UTC')::date) = (approved_at AT TIME ZONE 'UTC')::date AS same_day
    FROM timed
)
SELECT CASE WHEN grouping(bank) = 0 THEN 'bank' WHEN grouping(benefit) = 0 THEN 'benefit'
            WHEN grouping(source) = 0 THEN 'source' ELSE 'all' END AS by,
       coalesce(bank, benefit, source, '') AS about, count(*) AS orders, count(*) FILTER (WHERE straight) AS straight,
       count(seconds) AS credited, count(seconds) FILTER (WHERE same_day) AS same_day,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
       percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
FROM counted
GROUP BY GROUPING SETS ((), (bank), (benefit), (source))
HAVING count(*) > 0 AND NOT (grouping(bank) = 0 AND bank IS NULL)
ORDER BY 1, 2;

-- name: in_statements (what proved statements booked of the day, as facts of its attempts: 16 is booked in a statement)
SELECT s.bank, a.currency, count(*) AS payments, sum(a.amount_minor)::bigint AS total_minor
FROM batch b
JOIN submission s ON s.batch_no = b.batch_no
JOIN attempt a ON a.submission_no = s.submission_no AND a.facts & 16 <> 0
WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[]))
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: caught (what stops kept from leaving, or came too late for; kind '' has each order once, however many stops caught it)
WITH hit AS MATERIALIZED (
    SELECT s.kind, s.reason_class, s.state, c.how, o.order_no, o.source, o.benefit, o.currency, o.amount_minor
    FROM stop_catch c
    JOIN stop s ON s.stop_no = c.stop_no
    JOIN payment_order o ON o.order_no = c.order_no
    JOIN batch b ON b.batch_no = o.batch_no
    WHERE b.pay_date = $1 AND b.state = 'released' AND ($2 OR b.source = ANY ($3::text[]))
), once AS (
    SELECT DISTINCT kind, reason_class, state, how, order_no, source, benefit, currency, amount_minor FROM hit
    UNION ALL
    SELECT DISTINCT '', '', '', how, order_no, source, benefit, currency, amount_minor FROM hit
)
SELECT kind, reason_class, state, how, source, benefit, currency, count(*) AS orders, sum(amount_minor)::bigint AS total_minor
FROM once GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7;

-- name: suspense (debits and credits make up for each other, as on the account)
SELECT bank, currency, count(*) AS payments, sum(amount_minor)::bigint AS total_minor
FROM suspense_item WHERE cleared_by IS NULL GROUP BY bank, currency ORDER BY bank, currency;

-- name: unproved (statements that close on the day and are no accounting truth yet)
SELECT bank, currency, statement_id, sequence, page, closing_on, state, coalesce(waits_for, failure, '') AS why
FROM statement WHERE closing_on = $1 AND state IN ('waiting', 'unbalanced') ORDER BY bank, currency, statement_no;
