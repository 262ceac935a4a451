-- name: attempts (locked in the order of their numbers: those of $1, of which classes $2 of facts $3 and reasons $4 are said, and all members of submissions $5)
WITH said AS (
    SELECT n.attempt_no, bit_or(k.fact) AS fact, max(k.reason) AS reason
    FROM unnest($1::bigint[], $2::int[]) AS n (attempt_no, class)
    JOIN unnest($3::int[], $4::text[]) WITH ORDINALITY AS k (fact, reason, class) ON k.class = coalesce(n.class, 1)
    GROUP BY n.attempt_no
), locked AS MATERIALIZED (
    SELECT attempt_no, order_no, submission_no, end_to_end_id, facts, reason, closed, currency, amount_minor FROM attempt
    WHERE attempt_no = ANY ($1::bigint[]) OR submission_no = ANY ($5::bigint[])
    ORDER BY attempt_no FOR UPDATE
)
SELECT l.submission_no, l.currency, l.facts, l.closed, l.reason AS known_reason,
       coalesce(s.fact, 0) AS said, s.reason, sum(l.amount_minor)::bigint AS amount_minor,
       array_agg(l.attempt_no) AS attempt_nos, array_agg(l.order_no) AS order_nos,
       array_agg(l.end_to_end_id) AS end_to_end_ids
FROM locked l LEFT JOIN said s ON s.attempt_no = l.attempt_no
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY min(l.attempt_no);

-- name: submissions (locked in the order of their numbers)
SELECT submission_no, bank, state, group_facts, debtor_account FROM submission
WHERE submission_no = ANY ($1::bigint[]) ORDER BY submission_no FOR UPDATE;

-- name: add_facts (8, 16: booked; the first booking is dated and keeps its reference)
UPDATE attempt a SET facts = a.facts | v.facts, reason = coalesce(v.reason, a.reason),
    entry_ref = coalesce(a.entry_ref, v.entry_ref),
    booked_at = coalesce(a.booked_at, CASE WHEN v.facts & 24 <> 0 THEN $6::timestamptz END)
FROM (
    SELECT n.attempt_no, n.entry_ref, k.facts, k.reason
    FROM unnest($1::bigint[], $2::text[], $3::int[]) AS n (attempt_no, entry_ref, class)
    JOIN unnest($4::int[], $5::text[]) WITH ORDINALITY AS k (facts, reason, class) ON k.class = coalesce(n.class, 1)
) v
WHERE a.attempt_no = v.attempt_no;

-- name: add_group_facts
UPDATE submission SET group_facts = group_facts | $2, group_reason = coalesce(group_reason, $3) WHERE submission_no = $1;
