-- name: post (one transaction and its lines)
WITH made AS (
    INSERT INTO ledger_transaction (at, what, statement_no, submission_no, exception_no, evidence)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING transaction_no
)
INSERT INTO ledger_posting (transaction_no, line, bank, currency, debtor_account, account, amount_minor, payments)
SELECT m.transaction_no, p.line, p.bank, p.currency, p.debtor_account, p.account, p.amount_minor, p.payments
FROM made m, unnest($7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::bigint[])
     WITH ORDINALITY AS p (bank, currency, debtor_account, account, amount_minor, payments, line)
RETURNING transaction_no;

-- name: members (of submissions, by what is known of them)
SELECT s.submission_no, s.bank, s.debtor_account, s.currency, s.group_facts, a.facts,
       count(*) AS payments, sum(a.amount_minor)::bigint AS amount_minor
FROM submission s JOIN attempt a ON a.submission_no = s.submission_no
WHERE s.submission_no = ANY ($1::bigint[])
GROUP BY s.submission_no, a.facts ORDER BY s.submission_no, a.facts;

-- name: open_items (what stands in suspense for an exception, or for one observation)
SELECT item_no, bank, debtor_account, currency, amount_minor, payments FROM suspense_item
WHERE cleared_by IS NULL AND item_no = ANY ($1::bigint[]) ORDER BY item_no FOR UPDATE;

-- name: clear
UPDATE suspense_item SET cleared_by = $2 WHERE item_no = ANY ($1::bigint[]) AND cleared_by IS NULL;
