-- name: open (what is said once more is the same row; what happens to an order again after somebody closed it is another one.
-- The amount: as said, else of what it names first)
INSERT INTO exception (kind, key, bank, order_no, attempt_no, submission_no, message_no, ordinal, amount_minor, currency,
    detail, evidence, opened_at, role, due_at, suggestion, suggestion_why)
SELECT $1,
       CASE WHEN EXISTS (SELECT FROM exception e WHERE e.kind = $1 AND e.key = $2 AND e.order_no = $4 AND e.state = 'closed')
             AND NOT EXISTS (SELECT FROM exception e WHERE e.kind = $1 AND e.order_no = $4 AND e.state <> 'closed')
            THEN $2 || '#' || $13::timestamptz::text ELSE $2 END,
       coalesce($3, (SELECT s.bank FROM submission s WHERE s.submission_no = $6),
                        (SELECT a.bank FROM attempt a WHERE a.attempt_no = $5)), $4, $5, $6, $7, $8, about.amount_minor, about.currency, $11, $12, $13, $14, $15, $16, $17
FROM (SELECT) AS once
LEFT JOIN LATERAL (
    SELECT $9::bigint AS amount_minor, $10::text AS currency, 1 AS place
    UNION ALL SELECT o.amount_minor, o.currency, 2 FROM observation o WHERE o.message_no = $7 AND o.ordinal = $8
    UNION ALL SELECT a.amount_minor, a.currency, 3 FROM attempt a WHERE a.attempt_no = $5
    UNION ALL SELECT p.amount_minor, p.currency, 4 FROM payment_order p WHERE p.order_no = $4
    UNION ALL SELECT s.sum_minor, s.currency, 5 FROM submission s WHERE s.submission_no = $6
) AS about ON about.amount_minor IS NOT NULL AND about.currency IS NOT NULL
ORDER BY about.place LIMIT 1
ON CONFLICT (kind, key) DO NOTHING;

-- name: close_unknown (evidence ended the doubt: what two people were asked about it is asked no more)
WITH ended AS (
    UPDATE exception SET state = 'closed', closed_at = $2, closed_by = 'machine', closed_how = 'evidence'
    WHERE kind IN ('unknown', 'unknown past deadline') AND submission_no = $1 AND state <> 'closed'
    RETURNING exception_no
), lapsed AS (
    UPDATE decision d SET state = 'lapsed', lapsed_at = $2, lapsed_why = 'evidence' FROM ended e
    WHERE d.exception_no = e.exception_no AND d.state = 'asked'
)
INSERT INTO exception_event (exception_no, event_no, act, by, at, detail)
SELECT e.exception_no, coalesce((SELECT max(h.event_no) FROM exception_event h WHERE h.exception_no = e.exception_no), 0) + 1,
       'close', 'machine', $2, '{"how": "evidence"}'
FROM ended e;

-- name: ended (what these were about is over, and so is what two people were asked about them)
WITH ended AS (
    UPDATE exception SET state = 'closed', closed_at = $4, closed_by = $5, closed_how = $3
    WHERE kind = $1 AND key = ANY ($2::text[]) AND state <> 'closed'
    RETURNING exception_no
), lapsed AS (
    UPDATE decision d SET state = 'lapsed', lapsed_at = $4, lapsed_why = $3 FROM ended e
    WHERE d.exception_no = e.exception_no AND d.state = 'asked'
)
INSERT INTO exception_event (exception_no, event_no, act, by, at, detail)
SELECT e.exception_no, coalesce((SELECT max(h.event_no) FROM exception_event h WHERE h.exception_no = e.exception_no), 0) + 1,
       'close', $5, $4, jsonb_build_object('how', $3::text)
FROM ended e;
