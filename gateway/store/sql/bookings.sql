-- name: earlier (entries matched to these attempts before; a statement that was sent again tells nothing; 8, 16, 128, 256: something was booked or returned; OFFSET 0: one look-up a payment, whatever the statistics say while a message is applied)
WITH known AS MATERIALIZED (
    SELECT attempt_no, submission_no FROM attempt WHERE attempt_no = ANY ($1::bigint[]) AND facts & 408 <> 0
)
SELECT o.attempt_no, o.credit, o.message_no, o.statement, same_page(st.statement_no) AS page_no, o.entry_ref, o.tx_id
FROM known k
CROSS JOIN LATERAL (
    SELECT * FROM observation e
    WHERE e.submission_no = k.submission_no AND e.attempt_no = k.attempt_no AND e.verdict = 'matched' AND e.booked
      AND e.kind IN ('entry', 'batch entry', 'return entry')
    OFFSET 0
) o
LEFT JOIN statement st ON st.message_no = o.message_no AND st.place = o.statement
WHERE st.statement_no IS NULL OR NOT sent_again(st.statement_no)
ORDER BY o.message_no, o.ordinal;
