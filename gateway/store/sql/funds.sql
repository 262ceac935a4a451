-- name: leaving (what is cut and has not left, by paying account and pay date, up to a day)
SELECT bank, debtor_account, currency, pay_date, sum(payment_count)::bigint AS payments, sum(sum_minor)::bigint AS total_minor,
       array_agg(DISTINCT product) AS products
FROM submission
WHERE state IN ('open', 'sealed', 'not sent') AND pay_date <= $1
GROUP BY bank, debtor_account, currency, pay_date ORDER BY bank, debtor_account, currency, pay_date;

-- name: waiting (what has a bank and is in no submission, or will be paid once more; the account follows from configuration)
SELECT b.source, b.programme, w.bank, o.currency, greatest(b.pay_date, nullif(o.next_try_on, '-infinity')) AS pay_date,
       count(*) AS payments, sum(o.amount_minor)::bigint AS total_minor
FROM (
    SELECT a.order_no, a.bank FROM attempt a WHERE a.submission_no IS NULL AND NOT a.closed
    UNION
    SELECT o.order_no, last.bank FROM payment_order o
    CROSS JOIN LATERAL (SELECT a.bank, a.closed FROM attempt a WHERE a.order_no = o.order_no ORDER BY a.generation DESC LIMIT 1) last
    WHERE o.next_try_on IS NOT NULL AND o.state = 'payable' AND last.closed
) w
JOIN payment_order o ON o.order_no = w.order_no AND o.state = 'payable'
JOIN batch b ON b.batch_no = o.batch_no
WHERE greatest(b.pay_date, nullif(o.next_try_on, '-infinity')) <= $1
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;

-- name: in_flight (sent and in no proved statement yet, as the ledger has it)
SELECT bank, debtor_account, currency, sum(amount_minor)::bigint AS total_minor FROM ledger_posting
WHERE account IN ('in flight', 'unknown')
GROUP BY bank, debtor_account, currency HAVING sum(amount_minor) <> 0 ORDER BY bank, debtor_account, currency;

-- name: balances (the closing balance of the last proved statement of each account)
SELECT DISTINCT ON (bank, account, currency) bank, account AS debtor_account, currency, closing_minor, closing_on
FROM statement WHERE state = 'proved' AND closing_minor IS NOT NULL AND last_page
ORDER BY bank, account, currency, link DESC, page DESC;

-- name: hold (accounts of these submissions; what was sent before an account was last released says nothing new of its funds)
INSERT INTO account_hold (bank, debtor_account, currency, reason, message_no, set_at, set_by)
SELECT DISTINCT s.bank, s.debtor_account, s.currency, $2, $3::bigint, $4::timestamptz, $5
FROM submission s
WHERE s.submission_no = ANY ($1::bigint[]) AND NOT EXISTS (
    SELECT FROM account_hold h
    WHERE h.bank = s.bank AND h.debtor_account = s.debtor_account AND h.currency = s.currency
      AND h.released_at > (SELECT max(i.committed_at) FROM intent i WHERE i.submission_no = s.submission_no))
ORDER BY s.bank, s.debtor_account, s.currency
ON CONFLICT (bank, debtor_account, currency) WHERE released_at IS NULL DO NOTHING
RETURNING hold_no, bank, debtor_account, currency, reason, message_no, set_at, set_by, released_at, released_by;

-- name: release
UPDATE account_hold SET released_at = $2, released_by = $3 WHERE hold_no = $1 AND released_at IS NULL
RETURNING hold_no, bank, debtor_account, currency, reason, message_no, set_at, set_by, released_at, released_by;

-- name: look
SELECT hold_no, bank, debtor_account, currency, reason, message_no, set_at, set_by, released_at, released_by
FROM account_hold WHERE hold_no = $1;

-- name: holds (active)
SELECT hold_no, bank, debtor_account, currency, reason, message_no, set_at, set_by, released_at, released_by
FROM account_hold WHERE released_at IS NULL ORDER BY hold_no;
