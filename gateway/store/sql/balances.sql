-- name: one_snapshot (all figures are of the same moment)
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: balances
SELECT bank, currency, account, sum(amount_minor)::bigint AS amount_minor, sum(payments)::bigint AS payments
FROM ledger_posting GROUP BY bank, currency, account ORDER BY bank, currency, account;

-- name: attempts (everything the location of money depends on, from the rows themselves; 16: booked in a statement, which is nowhere)
SELECT a.bank, a.currency, a.facts, s.group_facts, s.state, count(*) AS payments, sum(a.amount_minor)::bigint AS amount_minor
FROM attempt a JOIN submission s ON s.submission_no = a.submission_no AND s.state IN ('sending', 'delivered', 'unknown', 'not sent')
WHERE a.facts & 16 = 0
GROUP BY 1, 2, 3, 4, 5;

-- name: statements (proved ones by the day they close, their pages together, with what they posted)
WITH page AS (
    SELECT s.bank, s.account, s.currency, s.link, s.statement_no, s.page, s.opening_minor, s.closing_minor, s.closing_on,
           s.sequence, s.statement_id, s.entries_minor, s.entry_count, s.settled
    FROM statement s
    WHERE s.state = 'proved' AND (s.bank, s.account, s.currency, s.link) IN (
        SELECT d.bank, d.account, d.currency, d.link FROM statement d
        WHERE d.state = 'proved' AND d.closing_on BETWEEN $1 AND $2)
), posted AS (
    SELECT p.statement_no,
           sum(l.amount_minor) FILTER (WHERE l.account = 'paid') AS paid,
           sum(l.amount_minor) FILTER (WHERE l.account = 'returned') AS returned,
           sum(l.amount_minor) FILTER (WHERE l.account = 'charges') AS charges,
           sum(l.amount_minor) FILTER (WHERE l.account = 'suspense') AS suspense
    FROM page p JOIN ledger_transaction t ON t.statement_no = p.statement_no
    JOIN ledger_posting l ON l.transaction_no = t.transaction_no
    GROUP BY p.statement_no
)
SELECT p.bank, p.account AS debtor_account, p.currency, max(p.closing_on) AS closing_on, max(p.sequence) AS sequence,
       min(p.statement_id) AS statement_id, count(*) AS pages, sum(p.entry_count)::bigint AS entries,
       (array_agg(p.opening_minor ORDER BY p.page))[1] AS opening_minor,
       (array_agg(p.closing_minor ORDER BY p.page DESC))[1] AS closing_minor,
       sum(p.entries_minor)::bigint AS entries_minor, bool_and(p.settled) AS settled,
       coalesce(sum(w.paid), 0)::bigint AS paid_minor, coalesce(sum(w.returned), 0)::bigint AS returned_minor,
       coalesce(sum(w.charges), 0)::bigint AS charges_minor, coalesce(sum(w.suspense), 0)::bigint AS suspense_minor
FROM page p LEFT JOIN posted w ON w.statement_no = p.statement_no
GROUP BY p.bank, p.account, p.currency, p.link
ORDER BY p.bank, p.account, p.currency, p.link;

-- name: suspense (open items of suspense, oldest first)
SELECT i.item_no, i.bank, i.currency, i.amount_minor, i.payments, i.why, i.exception_no, t.at AS since
FROM suspense_item i JOIN ledger_transaction t ON t.transaction_no = i.put_by
WHERE i.cleared_by IS NULL ORDER BY i.item_no LIMIT $1;
