-- name: turn (one worker closes at a time: closing has no hurry, and two would only wait for each other)
SELECT pg_try_advisory_xact_lock(1735467124);

-- name: due (attempts to look at: something changed of them, or the time has come)
SELECT attempt_no FROM closing WHERE look_at IS NULL OR look_at <= $1 ORDER BY look_at NULLS FIRST, attempt_no LIMIT $2;

-- name: abandoned (in no submission, and their orders are not paid any more; 2048: at the counter)
SELECT a.attempt_no FROM attempt a JOIN payment_order o ON o.order_no = a.order_no
WHERE a.submission_no IS NULL AND NOT a.closed AND a.facts & ~2048 = 0
  AND o.state IN ('cancelled', 'given back', 'replaced', 'refused')
ORDER BY a.attempt_no LIMIT $1;

-- name: lock_submissions
SELECT FROM submission WHERE submission_no IN (SELECT submission_no FROM attempt WHERE attempt_no = ANY ($1::bigint[]))
ORDER BY submission_no FOR NO KEY UPDATE;

-- name: lock_attempts
SELECT FROM attempt WHERE attempt_no = ANY ($1::bigint[]) ORDER BY attempt_no FOR NO KEY UPDATE;

-- name: lock_orders
SELECT FROM payment_order WHERE order_no IN (SELECT order_no FROM attempt WHERE attempt_no = ANY ($1::bigint[]))
ORDER BY order_no FOR NO KEY UPDATE;

-- name: look (all evidence about attempts that are locked; $2: now. A statement covers a day if its chain reaches from before the
-- day through it; every booking up to there is settled. 2112: rejected, at the counter; 256: returned in a statement)
WITH looked AS (
    SELECT a.attempt_no, a.order_no, a.generation, a.bank, a.submission_no, a.end_to_end_id, a.amount_minor, a.returned_minor,
           a.facts, a.reason, coalesce(c.since, $2) AS since, s.state AS submission_state, s.group_facts, s.group_reason,
           s.debtor_account, s.currency, coalesce(s.tries - s.waited, 0) AS tries, greatest(s.pay_date, coalesce(c.since, $2)::date) AS day
    FROM attempt a
    LEFT JOIN closing c ON c.attempt_no = a.attempt_no
    LEFT JOIN submission s ON s.submission_no = a.submission_no
    WHERE a.attempt_no = ANY ($1::bigint[]) AND NOT a.closed
), spoken AS (
    SELECT m.submission_no FROM attempt m
    WHERE m.submission_no IN (SELECT submission_no FROM looked) AND m.facts & ~2112 <> 0 GROUP BY m.submission_no
), doubted AS (  -- money was moved for it, or for its file, and it is not known how much or whose
    SELECT l.attempt_no FROM looked l
    WHERE EXISTS (SELECT FROM observation o WHERE o.submission_no = l.submission_no AND o.attempt_no = l.attempt_no
                  AND o.kind IN ('entry', 'batch entry', 'return entry') AND o.booked AND NOT o.credit
                  AND o.verdict IN ('amount differs', 'not our debtor account', 'names two payments'))
       OR EXISTS (SELECT FROM observation o WHERE o.submission_no = l.submission_no AND o.attempt_no IS NULL
                  AND o.kind IN ('entry', 'batch entry', 'return entry') AND o.verdict = 'batch sum waits for rejects')
       OR EXISTS (SELECT FROM observation o JOIN bank_message m ON m.message_no = o.message_no AND m.bank = l.bank
                  WHERE o.submission_no IS NULL AND o.verdict IN ('orphan', 'lump return', 'ambiguous') AND o.booked AND NOT o.credit
                  AND o.amount_minor = l.amount_minor AND o.account = l.debtor_account AND o.currency = l.currency)
), covered AS (
    SELECT d.*, through.statement_no
    FROM (SELECT DISTINCT bank, debtor_account, currency, day FROM looked WHERE submission_no IS NOT NULL) d
    CROSS JOIN LATERAL (
        SELECT t.statement_no, t.link FROM statement t
        WHERE t.bank = d.bank AND t.account = d.debtor_account AND t.currency = d.currency
          AND t.state = 'proved' AND t.closing_on >= d.day
        ORDER BY t.link, t.page LIMIT 1
    ) through
    WHERE EXISTS (SELECT FROM statement t WHERE t.bank = d.bank AND t.account = d.debtor_account AND t.currency = d.currency
                  AND t.begins AND coalesce(t.opening_on, t.closing_on) <= d.day)
      AND NOT EXISTS (SELECT FROM statement t WHERE t.bank = d.bank AND t.account = d.debtor_account
                      AND t.currency = d.currency AND t.state = 'proved' AND t.link <= through.link AND NOT t.settled)
)
SELECT l.attempt_no, l.order_no, l.generation, l.bank, l.submission_no, l.end_to_end_id, l.amount_minor, l.returned_minor, l.facts,
       l.reason, l.since, l.submission_state, coalesce(l.group_facts, 0) AS group_facts, l.group_reason,
       p.submission_no IS NOT NULL AS file_spoken, c.statement_no, o.state AS order_state, o.source,
       EXISTS (SELECT FROM attempt e WHERE e.order_no = l.order_no AND e.generation < l.generation AND e.facts & 256 <> 0)
           AS returned_before, l.tries,
       l.attempt_no IN (SELECT d.attempt_no FROM doubted d) AS doubted
FROM looked l
JOIN payment_order o ON o.order_no = l.order_no
LEFT JOIN spoken p ON p.submission_no = l.submission_no
LEFT JOIN covered c ON c.bank = l.bank AND c.debtor_account = l.debtor_account AND c.currency = l.currency AND c.day = l.day
ORDER BY l.attempt_no;

-- name: unexplained (the first sum of each of these submissions that waits to be matched)
SELECT DISTINCT ON (o.submission_no) o.submission_no, m.bank, o.message_no, o.ordinal
FROM observation o JOIN bank_message m ON m.message_no = o.message_no
WHERE o.submission_no = ANY ($1::bigint[]) AND o.attempt_no IS NULL AND o.kind IN ('entry', 'batch entry', 'return entry')
  AND o.verdict = 'batch sum waits for rejects'
ORDER BY o.submission_no, o.message_no, o.ordinal;

-- name: close
UPDATE attempt a SET closed = true, closed_proof = p.proof
FROM unnest($1::bigint[], $2::jsonb[]) AS p (attempt_no, proof) WHERE a.attempt_no = p.attempt_no AND NOT a.closed;

-- name: done (nothing is left to look at)
DELETE FROM closing c WHERE c.attempt_no = ANY ($1::bigint[])
  AND EXISTS (SELECT FROM attempt a WHERE a.attempt_no = c.attempt_no AND a.closed);

-- name: later
UPDATE closing c SET since = coalesce(c.since, $3), look_at = l.look_at
FROM unnest($1::bigint[], $2::timestamptz[]) AS l (attempt_no, look_at) WHERE c.attempt_no = l.attempt_no;
