-- What a chunk of a message names. The first three rungs of the ladder are asked of every observation, and observations that
-- cannot be judged differently come back as one row; the other rungs are asked of what is left.

-- name: alike ($1 message, $2 ordinals above, $3 how many, $4 rungs that the bank's profile believes, $5: through)
WITH pages AS MATERIALIZED (
    SELECT p.place, sent_again(p.statement_no) AS sent_again,
           touches_nothing(p.statement_no) AS unproved,
           same_page(p.statement_no) AS page_no
    FROM statement p WHERE p.message_no = $1
),
chunk AS MATERIALIZED (
    SELECT o.* FROM observation o
    WHERE o.message_no = $1 AND o.ordinal > $2 AND o.ordinal <= $5 ORDER BY o.ordinal LIMIT $3
),
counted AS MATERIALIZED (  -- submissions whose payments are named by their place; this bank's own before another's of that name
    SELECT DISTINCT ON (s.msg_id) s.submission_no, s.msg_id, s.bank, s.state FROM submission s
    WHERE 'position' = ANY ($4::text[])
      AND s.msg_id = ANY (ARRAY(SELECT DISTINCT upper(k.msg_id) FROM chunk k WHERE k.position IS NOT NULL))
    ORDER BY s.msg_id, s.bank <> (SELECT m.bank FROM bank_message m WHERE m.message_no = $1), s.submission_no
),
placed AS MATERIALIZED (  -- their members as they were written; what is void has others now than it was written with
    SELECT m.submission_no, m.attempt_no, m.end_to_end_id, m.amount_minor, m.currency,
           row_number() OVER (PARTITION BY m.submission_no ORDER BY m.attempt_no) AS position
    FROM attempt m
    WHERE m.submission_no = ANY (ARRAY(
        SELECT n.submission_no FROM counted n WHERE n.state IN ('sealed', 'sending', 'delivered', 'unknown', 'not sent')))
),
filed AS MATERIALIZED (  -- files that statuses of payments name: a payment may have been in another one than it is in now
    SELECT s.submission_no, s.msg_id FROM submission s
    WHERE s.bank = (SELECT m.bank FROM bank_message m WHERE m.message_no = $1)
      AND s.msg_id = ANY (ARRAY(SELECT DISTINCT upper(k.msg_id) FROM chunk k WHERE k.kind = 'payment status'))
)
SELECT c.kind, c.status, c.reason, c.reason_text, c.credit, c.booked, c.currency, c.charged, c.charges_minor, c.statement,
       p.page_no, coalesce(p.unproved, false) AS unproved, coalesce(p.sent_again, false) AS sent_again,
       CASE WHEN a.rule IS NULL AND n.submission_no IS NOT NULL THEN 'position' ELSE a.rule END AS rule,
       CASE WHEN a.rule IS NULL THEN n.submission_no ELSE coalesce(f.submission_no, a.submission_no) END AS submission_no,
       CASE WHEN a.rule IS NULL THEN n.bank ELSE a.bank END AS sent_to,
       c.account IS NULL OR c.account = s.debtor_account AS account_agrees,
       coalesce(a.amount_minor, at.amount_minor) - c.amount_minor AS short_minor,
       coalesce(a.currency, at.currency) = c.currency AS currency_agrees,
       coalesce(a.end_to_end_id <> upper(c.end_to_end_id), false) OR coalesce(at.end_to_end_id <> upper(c.end_to_end_id), false)
           OR (a.rule IS NOT NULL AND n.submission_no IS NOT NULL AND a.attempt_no IS DISTINCT FROM at.attempt_no)
           OR f.submission_no IS NOT NULL AS names_two,
       coalesce(c.charges_minor = c.amount_minor, false) AS only_charges,
       a.rule IS NULL AND n.submission_no IS NOT NULL AND at.attempt_no IS NULL AS beyond,
       array_agg(c.ordinal) AS ordinals, array_agg(coalesce(a.attempt_no, at.attempt_no)) AS attempt_nos,
       array_agg(c.entry_ref) AS entry_refs, array_agg(c.tx_id) AS tx_ids
FROM chunk c
LEFT JOIN LATERAL (
    SELECT 'uetr' AS rule, u.attempt_no, u.submission_no, u.bank, u.amount_minor, u.currency, u.end_to_end_id
    FROM attempt u WHERE u.uetr = c.uetr AND 'uetr' = ANY ($4::text[])
    UNION ALL
    SELECT 'end_to_end_id', e.attempt_no, e.submission_no, e.bank, e.amount_minor, e.currency, e.end_to_end_id
    FROM attempt e WHERE e.end_to_end_id = upper(c.end_to_end_id) AND 'end_to_end_id' = ANY ($4::text[])
    LIMIT 1
) a ON true
LEFT JOIN pages p ON p.place = c.statement
LEFT JOIN counted n ON c.position IS NOT NULL AND n.msg_id = upper(c.msg_id)
LEFT JOIN filed f ON a.rule IS NOT NULL AND c.kind = 'payment status' AND f.msg_id = upper(c.msg_id)
    AND f.submission_no IS DISTINCT FROM a.submission_no
LEFT JOIN submission s
    ON s.submission_no = CASE WHEN a.rule IS NULL THEN n.submission_no ELSE coalesce(f.submission_no, a.submission_no) END
LEFT JOIN placed at ON at.submission_no = n.submission_no AND at.position = c.position
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22
ORDER BY min(c.ordinal);

-- name: further (the rungs below, each by identity; the first that names anything counts, two things at once are ambiguous)
SELECT c.ordinal, named.rule, named.attempt_no, named.submission_no, named.sent_to, named.several,
       -- every file of ours has one block, P1: a word of another one is not a word of the whole file
       c.kind = 'submission status' AND coalesce(upper(c.pmt_inf_id) NOT IN (s.msg_id, s.msg_id || 'P1'), false) AS beyond,
       c.account IS NULL OR c.account = s.debtor_account AS account_agrees,
       a.amount_minor - c.amount_minor AS short_minor, a.currency = c.currency AS currency_agrees
FROM (  -- what a recall's answer or a return's advice has as reference is its own, no booking's
    SELECT o.*, CASE WHEN o.kind NOT IN ('recall answer', 'return advice') THEN o.entry_ref END AS own_ref FROM observation o
) c
JOIN LATERAL (
    SELECT f.rule, min(f.attempt_no) AS attempt_no, min(f.submission_no) AS submission_no, min(f.bank) AS sent_to,
           count(DISTINCT coalesce(f.attempt_no, -f.submission_no)) > 1 AS several
    FROM (
        SELECT 1 AS rung, 'instruction' AS rule, i.attempt_no, i.submission_no, i.bank
        FROM attempt i JOIN submission o ON o.submission_no = i.submission_no
        WHERE 'instruction' = ANY ($4::text[])
          AND c.kind IN ('payment status', 'entry', 'return entry', 'recall answer', 'return advice', 'payee check')
          AND i.end_to_end_id = upper(c.instr_id) AND upper(c.pmt_inf_id) = o.msg_id || 'P1'
        UNION ALL
        SELECT 2, 'bank_reference', k.attempt_no, k.submission_no, m.bank
        FROM observation k JOIN bank_message m ON m.message_no = k.message_no AND m.bank = $3
        WHERE 'bank_reference' = ANY ($4::text[])
          AND c.kind IN ('payment status', 'entry', 'return entry', 'recall answer', 'return advice', 'payee check')
          AND (k.entry_ref IN (c.own_ref, c.tx_id) OR k.tx_id IN (c.own_ref, c.tx_id) AND k.tx_id <> k.entry_ref)
          AND k.attempt_no IS NOT NULL AND k.submission_no IS NOT NULL AND k.verdict = 'matched'
          AND (c.account IS NULL OR k.account IS NULL OR k.account = c.account)
        UNION ALL
        SELECT 3, 'text', t.attempt_no, t.submission_no, t.bank FROM attempt t
        WHERE 'text' = ANY ($4::text[]) AND t.end_to_end_id = c.text_id
        UNION ALL
        SELECT CASE WHEN o.bank = $3 THEN 4 ELSE 6 END, 'batch_reference', NULL, o.submission_no, o.bank FROM submission o
        WHERE ('batch_reference' = ANY ($4::text[]) OR c.kind = 'submission status') AND c.kind <> 'payment status'
          AND NOT (c.kind IN ('recall answer', 'return advice', 'payee check') AND c.end_to_end_id IS NOT NULL)
          AND o.msg_id IN (upper(c.msg_id), substring(upper(c.pmt_inf_id) FROM '^(.+)P[0-9]+$'))
        UNION ALL
        SELECT 5, 'batch_reference', NULL, k.submission_no, m.bank
        FROM observation k JOIN bank_message m ON m.message_no = k.message_no AND m.bank = $3
        WHERE 'batch_reference' = ANY ($4::text[]) AND c.kind IN ('entry', 'batch entry', 'return entry')
          AND k.attempt_no IS NULL AND k.submission_no IS NOT NULL AND k.kind = 'batch entry'
          AND k.verdict IN ('matched batch sum', 'batch sum waits for rejects')
          AND (k.entry_ref = c.entry_ref OR k.msg_id = c.msg_id OR k.pmt_inf_id = c.pmt_inf_id)
          AND (c.account IS NULL OR k.account IS NULL OR k.account = c.account)
    ) f
    GROUP BY f.rung, f.rule ORDER BY f.rung LIMIT 1
) named ON true
LEFT JOIN attempt a ON a.attempt_no = named.attempt_no
LEFT JOIN submission s ON s.submission_no = named.submission_no
WHERE c.message_no = $1 AND c.ordinal = ANY ($2::int[]);

-- name: proposals (account, amount, currency, sign and date fit: whose it may be, never whose it is; 8, 16: booked, 64: rejected, 128, 256: returned)
SELECT c.ordinal, array_agg(DISTINCT a.attempt_no) AS attempt_nos
FROM observation c
JOIN submission s ON s.bank = $3 AND s.debtor_account = c.account AND s.currency = c.currency
    AND s.state IN ('sending', 'delivered', 'unknown')
    AND (c.booking_date IS NULL OR s.pay_date BETWEEN c.booking_date - CASE WHEN c.credit THEN $6::int ELSE $4::int END AND c.booking_date + $5::int)
JOIN attempt a ON a.submission_no = s.submission_no AND a.amount_minor = c.amount_minor
    AND CASE WHEN c.credit THEN a.facts & 24 <> 0 AND a.facts & 384 = 0 ELSE a.facts & 88 = 0 END
WHERE c.message_no = $1 AND c.ordinal = ANY ($2::int[])
GROUP BY c.ordinal;
