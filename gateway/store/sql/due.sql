-- name: unsettled (what the steps have before them without the passing of time)
SELECT (SELECT coalesce(sum(next_offset), 0)::bigint FROM partition_lease WHERE incarnation = $1 AND topic = $2) AS received,
       (SELECT count(*) FROM bank_message WHERE channel = 'pick-up' AND NOT origin ? 'archive') AS picked_up,
       (SELECT count(*) FROM bank_message WHERE state IN ('received', 'read')) AS messages,
       (SELECT count(*) FROM outcome_event WHERE published_at IS NULL) AS events;

-- name: next (when, after this moment, something becomes due by the passing of time alone)
SELECT least(
    (SELECT min(s.next_attempt_at) FROM submission s JOIN lane l ON l.bank = s.bank
     WHERE s.next_attempt_at > $1 AND (s.state = 'unknown' OR s.state IN ('open', 'sealed', 'not sent') AND l.breaker = 'closed')),
    (SELECT min(asked_until) FROM lane WHERE asked_until > $1),
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
SELECT s.state AS name, count(*) AS number FROM submission s GROUP BY s.state ORDER BY s.state;

-- name: again (attempts after the first one, by their number)
SELECT 'attempt ' || generation AS name, count(*) AS number FROM attempt WHERE generation > 1 GROUP BY generation ORDER BY generation;

-- name: rules (by which rung of the ladder what banks said was matched)
SELECT rule AS name, count(*) AS number FROM observation WHERE rule IS NOT NULL GROUP BY rule ORDER BY rule;

-- name: raised (every exception there was, by kind, and those that are open)
SELECT kind, count(*) AS raised, count(*) FILTER (WHERE closed_at IS NULL) AS open FROM exception GROUP BY kind ORDER BY kind;

-- name: recalls (what a stop came too late for: payments and minor units, by currency)
SELECT a.currency, count(*) AS payments, sum(a.amount_minor)::bigint AS minor
FROM recall r JOIN attempt a ON a.attempt_no = r.attempt_no GROUP BY a.currency ORDER BY a.currency;

-- name: tries (what the promises to send came to)
SELECT coalesce(outcome, 'under way') AS name, count(*) AS number FROM intent GROUP BY 1 ORDER BY 1;

-- name: pulse (grows whenever a step has done something)
SELECT (SELECT count(*) FROM outcome_event) AS events, (SELECT count(*) FROM ledger_posting) AS postings,
       (SELECT count(*) FROM exception) + (SELECT count(*) FROM exception WHERE closed_at IS NOT NULL) AS exceptions,
       (SELECT count(*) FROM attempt WHERE closed) AS closed,
       (SELECT count(*) FROM statement WHERE state <> 'waiting') + (SELECT count(*) FROM statement WHERE settled) AS statements,
       (SELECT count(*) FROM attempt) AS attempts;

-- name: cases (open exceptions by kind, with whose work they are)
SELECT e.kind, coalesce(e.owner, e.role) AS owner, count(*) AS number, coalesce(sum(e.amount_minor), 0)::bigint AS minor
FROM exception e WHERE e.closed_at IS NULL GROUP BY 1, 2 ORDER BY 1, 2;

-- name: doubtful (what open exceptions are about: orders, and entries by the bank's reference)
SELECT c.exception_no, coalesce(c.order_id, '') AS order_id, coalesce(o.bank, c.bank, '') AS bank, coalesce(o.entry_ref, '') AS entry_ref
FROM exception_case c LEFT JOIN LATERAL (
    SELECT m.bank, n.entry_ref FROM observation n JOIN bank_message m ON m.message_no = n.message_no
    WHERE n.message_no = c.message_no AND n.ordinal = c.ordinal) o ON true
WHERE c.state <> 'closed';

-- name: accounts (by account what proved statements say, and what the ledger made of it)
SELECT s.bank, s.account, s.currency,
       count(*) FILTER (WHERE s.state = 'proved') AS proved, count(*) FILTER (WHERE s.state = 'waiting') AS waiting,
       count(*) FILTER (WHERE s.state = 'unbalanced') AS unbalanced, count(*) FILTER (WHERE s.state = 'repeated') AS repeated,
       (array_agg(s.opening_minor ORDER BY s.link) FILTER (WHERE s.state = 'proved' AND s.page = 1))[1] AS opening_minor,
       (array_agg(s.closing_minor ORDER BY s.link DESC) FILTER (WHERE s.state = 'proved' AND s.last_page))[1] AS closing_minor,
       max(s.closing_on) FILTER (WHERE s.state = 'proved') AS closing_on
FROM statement s GROUP BY s.bank, s.account, s.currency ORDER BY 1, 2, 3;

-- name: ledger (balance of every ledger account, by bank and paying account)
SELECT bank, debtor_account AS account, currency, account AS name, sum(amount_minor)::bigint AS minor
FROM ledger_posting GROUP BY bank, debtor_account, currency, account ORDER BY 1, 2, 3, 4;
