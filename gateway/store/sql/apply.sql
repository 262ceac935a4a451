-- name: pick (messages wholly read of banks that this process knows, oldest first; each is applied by one worker at a time)
SELECT message_no, bank, applied_through, read_through FROM bank_message
WHERE state = 'read' AND bank = ANY ($1::text[]) ORDER BY message_no LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: verdicts (of observations $2, which name attempts $3, are of classes $4, or all of the only one, and tell again what was told before: $5, or empty)
UPDATE observation o SET verdict = k.verdict, attempt_no = v.attempt_no, submission_no = k.submission_no, rule = k.rule,
    repeats = coalesce(v.repeats, false)
FROM unnest($2::int[], $3::bigint[], $4::int[], $5::boolean[]) AS v (ordinal, attempt_no, class, repeats)
JOIN unnest($6::text[], $7::bigint[], $8::text[]) WITH ORDINALITY AS k (verdict, submission_no, rule, class)
    ON k.class = coalesce(v.class, 1)
WHERE o.message_no = $1 AND o.ordinal = v.ordinal;

-- name: applied
UPDATE bank_message SET applied_through = $2,
    state = CASE WHEN $2 >= read_through THEN 'applied' ELSE state END
WHERE message_no = $1;
