-- name: put_off (what waits for a bank's next window; what somebody else works on meets the same shut window)
UPDATE submission SET next_attempt_at = $3::timestamptz
WHERE submission_no IN (
    SELECT submission_no FROM submission
    WHERE bank = $1 AND product = $2 AND state IN ('open', 'sealed', 'not sent')
      AND (next_attempt_at IS NULL OR next_attempt_at < $3::timestamptz)
    ORDER BY submission_no FOR UPDATE SKIP LOCKED);

-- name: put_off_until (products of banks that wait longer than for any reason but a window)
SELECT DISTINCT bank, product FROM submission
WHERE state IN ('open', 'sealed') AND next_attempt_at > $1 ORDER BY bank, product;

-- name: bring_forward (to the opening $3, what waits for a later one)
UPDATE submission SET next_attempt_at = $3::timestamptz
WHERE submission_no IN (
    SELECT submission_no FROM submission
    WHERE bank = $1 AND product = $2 AND state IN ('open', 'sealed') AND next_attempt_at > greatest($3::timestamptz, $4::timestamptz)
    ORDER BY submission_no FOR UPDATE SKIP LOCKED);

-- name: waiting (what has not left, by bank, product and execution date, with the earliest release of it)
SELECT s.bank, s.product, s.pay_date, sum(s.payment_count)::bigint AS payments, min(b.ended_at) AS since
FROM submission s JOIN batch b ON b.batch_no = s.batch_no
WHERE s.state IN ('open', 'sealed', 'not sent')
GROUP BY s.bank, s.product, s.pay_date ORDER BY s.bank, s.product, s.pay_date;

-- name: lanes (every bank with its queue)
SELECT l.bank, l.breaker, paused(l.bank, '') AS paused,
       coalesce(sum(s.payment_count) FILTER (WHERE s.state IN ('open', 'sealed', 'not sent')), 0)::bigint AS waiting,
       coalesce(sum(s.payment_count) FILTER (WHERE s.state IN ('sending', 'unknown')), 0)::bigint AS under_way,
       coalesce(sum(s.payment_count) FILTER (WHERE s.state = 'unknown'), 0)::bigint AS unknown,
       coalesce(sum(s.payment_count) FILTER (
           WHERE s.state IN ('open', 'sealed', 'not sent') AND s.submission_no IN (SELECT n FROM alarmed() AS n)), 0)::bigint AS alarmed
FROM lane l
LEFT JOIN submission s ON s.bank = l.bank AND s.state IN ('open', 'sealed', 'sending', 'not sent', 'unknown')
GROUP BY l.bank, l.breaker ORDER BY l.bank;
