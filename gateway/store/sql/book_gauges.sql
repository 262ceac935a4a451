-- name: statement_pages (by bank and state; a few thousand rows a year)
SELECT bank, state, count(*) AS pages FROM statement GROUP BY bank, state ORDER BY bank, state;

-- name: reconciling (every bank: what of its statements, sums and attempts waits, and since when; $1: now)
SELECT l.bank, w.since AS waiting_since, u.since AS unsettled_since, coalesce(b.sums, 0) AS sums, coalesce(c.attempts, 0) AS to_close,
       coalesce(c.due, 0) AS close_due, c.since AS to_close_since
FROM lane l
LEFT JOIN (
    SELECT s.bank, min(m.received_at) AS since FROM statement s JOIN bank_message m ON m.message_no = s.message_no
    WHERE s.state = 'waiting' GROUP BY s.bank
) w ON w.bank = l.bank
LEFT JOIN (
    SELECT bank, min(proved_at) AS since FROM statement WHERE state = 'proved' AND NOT settled GROUP BY bank
) u ON u.bank = l.bank
LEFT JOIN (
    SELECT waits.bank, count(*) AS sums FROM (
        SELECT m.bank FROM observation o JOIN bank_message m ON m.message_no = o.message_no
        WHERE o.submission_no IS NULL AND o.verdict IN ('batch sum waits for rejects', 'ambiguous sum')
        UNION ALL
        SELECT s.bank FROM submission s JOIN observation o ON o.submission_no = s.submission_no
        WHERE s.sum_booked AND NOT s.settled AND s.state NOT IN ('void', 'dissolved') AND o.attempt_no IS NULL
          AND o.kind IN ('entry', 'batch entry', 'return entry') AND o.verdict = 'batch sum waits for rejects'
    ) waits GROUP BY waits.bank
) b ON b.bank = l.bank
LEFT JOIN (
    SELECT a.bank, count(*) AS attempts, count(*) FILTER (WHERE c.look_at IS NULL OR c.look_at <= $1) AS due, min(c.since) AS since
    FROM closing c JOIN attempt a ON a.attempt_no = c.attempt_no GROUP BY a.bank
) c ON c.bank = l.bank
ORDER BY l.bank;

-- name: suspense (by bank and currency; debits and credits are added, they do not make up for each other)
SELECT i.bank, i.currency, sum(abs(i.amount_minor))::bigint AS minor, count(*) AS entries, min(t.at) AS since
FROM suspense_item i JOIN ledger_transaction t ON t.transaction_no = i.put_by
WHERE i.cleared_by IS NULL GROUP BY i.bank, i.currency ORDER BY i.bank, i.currency;

-- name: bank_exceptions
SELECT bank, kind, count(*) AS open FROM exception WHERE state <> 'closed' AND bank IS NOT NULL GROUP BY bank, kind ORDER BY bank, kind;

-- name: dead_letters (not worked yet, by topic)
SELECT coalesce(detail ->> 'topic', '') AS what, count(*) AS count FROM exception
WHERE kind = 'dead letter' AND state <> 'closed' GROUP BY 1 ORDER BY 1;

-- name: orders_again
SELECT count(*) FROM payment_order WHERE next_try_on IS NOT NULL;

-- name: decisions (that can still be confirmed, by act; $1: now. A stop that somebody asked to lift waits as well)
SELECT act, count(*) AS waiting, min(asked_at) AS since FROM decision WHERE state = 'asked' AND expires_at > $1 GROUP BY act
UNION ALL
SELECT 'lift stop', count(*), min(lift_asked_at) FROM stop WHERE state = 'active' AND lift_asked_by IS NOT NULL HAVING count(*) > 0
ORDER BY act;

-- name: recalls (every state, zeros too)
SELECT k.state AS what, count(r.recall_no) AS count
FROM unnest(ARRAY['proposed', 'asked', 'returned', 'refused', 'expired']) AS k (state)
LEFT JOIN recall r ON r.state = k.state GROUP BY k.state ORDER BY k.state;

-- name: unstated (pay days from $1 to $2 of which something was delivered that no proved statement of its account covers)
SELECT s.bank, s.currency, min(s.pay_date) AS since
FROM batch b
JOIN submission s ON s.batch_no = b.batch_no AND s.state = 'delivered'
LEFT JOIN (
    SELECT bank, account, currency, max(closing_on) AS through FROM statement WHERE state = 'proved' GROUP BY bank, account, currency
) t ON t.bank = s.bank AND t.account = s.debtor_account AND t.currency = s.currency
WHERE b.pay_date BETWEEN $1 AND $2 AND s.pay_date > coalesce(t.through, '-infinity')
GROUP BY s.bank, s.currency ORDER BY s.bank, s.currency;
