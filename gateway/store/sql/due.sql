-- name: unsettled (what the steps have before them without the passing of time)
SELECT (SELECT coalesce(sum(next_offset), 0)::bigint FROM partition_lease WHERE incarnation = $1 AND topic = $2) AS received,
       (SELECT count(*) FROM bank_message WHERE state IN ('received', 'read')) AS messages,
       (SELECT count(*) FROM outcome_event WHERE published_at IS NULL) AS events;

-- name: next (when, after this moment, something becomes due by the passing of time alone)
SELECT least(
    (SELECT min(s.next_attempt_at) FROM submission s JOIN lane l ON l.bank = s.bank
     WHERE s.next_attempt_at > $1 AND (s.state = 'unknown' OR s.state IN ('open', 'sealed', 'not sent') AND l.breaker = 'closed')),
    (SELECT min(probe_at) FROM lane WHERE breaker = 'open' AND probe_at > $1),
    (SELECT min(lease_until) FROM intent WHERE outcome IS NULL AND lease_until > $1));

-- name: progress (how far the orders of a pay date have come)
SELECT (SELECT count(*) FROM payment_order o JOIN batch b ON b.batch_no = o.batch_no WHERE b.pay_date = $1) AS stored,
       (SELECT coalesce(sum(s.payment_count), 0)::bigint FROM submission s JOIN batch b ON b.batch_no = s.batch_no
        WHERE b.pay_date = $1 AND s.state = 'delivered') AS delivered,
       (SELECT count(*) FROM payment_order o JOIN batch b ON b.batch_no = o.batch_no
        WHERE b.pay_date = $1 AND o.outcome IS NOT NULL) AS settled,
       (SELECT count(*) FROM outcome_event WHERE published_at IS NOT NULL) AS told;

-- name: submissions (how many there are in each state)
SELECT s.state AS name, count(*) AS number FROM submission s JOIN batch b ON b.batch_no = s.batch_no
WHERE b.pay_date = $1 GROUP BY s.state ORDER BY s.state;

-- name: exceptions (what needs a person, by kind)
SELECT kind AS name, count(*) AS number FROM exception WHERE closed_at IS NULL GROUP BY kind ORDER BY kind;

-- name: recalls (what a stop came too late for: payments and minor units, by currency)
SELECT a.currency, count(*) AS payments, sum(a.amount_minor)::bigint AS minor
FROM recall r JOIN attempt a ON a.attempt_no = r.attempt_no GROUP BY a.currency ORDER BY a.currency;

-- name: tries (what the promises to send came to)
SELECT coalesce(outcome, 'under way') AS name, count(*) AS number FROM intent GROUP BY 1 ORDER BY 1;
