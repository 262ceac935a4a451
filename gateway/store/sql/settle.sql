-- name: pick (a proved statement whose message is applied; each is settled by one worker at a time)
SELECT s.statement_no, s.bank, s.message_no, s.place, s.account, s.currency, s.settled_through
FROM statement s JOIN bank_message m ON m.message_no = s.message_no AND m.state = 'applied'
WHERE s.state = 'proved' AND NOT s.settled ORDER BY s.link, s.page, s.statement_no LIMIT 1 FOR UPDATE OF s SKIP LOCKED;

-- name: chunk_end (NULL when every observation of the statement is behind us)
SELECT max(ordinal) FROM (
    SELECT ordinal FROM observation WHERE message_no = $1 AND statement = $2 AND ordinal > $3 ORDER BY ordinal LIMIT $4) c;

-- name: submissions_of_chunk
SELECT DISTINCT submission_no FROM observation
WHERE message_no = $1 AND statement = $2 AND ordinal > $3 AND ordinal <= $4 AND booked AND submission_no IS NOT NULL;

-- name: lock_unmatched (whoever matches one of them now comes before us or finds it in suspense)
SELECT ordinal FROM observation
WHERE message_no = $1 AND statement = $2 AND ordinal > $3 AND ordinal <= $4 AND booked
  AND verdict <> ALL ($5::text[]) ORDER BY ordinal FOR UPDATE;

-- name: entries
SELECT message_no, ordinal, verdict, attempt_no, submission_no, amount_minor, currency, credit, charges_minor, batch_count,
       verdict = ANY ($5::text[]) AS matched
FROM observation
WHERE message_no = $1 AND statement = $2 AND ordinal > $3 AND ordinal <= $4 AND booked AND amount_minor IS NOT NULL
  AND verdict <> 'split by hand'
ORDER BY ordinal;

-- name: late_entries (of what stands in suspense, what is matched by now; the statement they stand in says whose account)
SELECT o.message_no, o.ordinal, o.verdict, o.attempt_no, o.submission_no, o.amount_minor, o.currency, o.credit,
       o.charges_minor, o.batch_count, true AS matched,
       i.item_no, i.amount_minor AS suspended_minor, i.payments AS suspended_payments,
       i.statement_no, i.bank, i.debtor_account, i.currency AS account_currency
FROM unnest($1::bigint[], $2::int[]) AS named (message_no, ordinal)
JOIN suspense_item i ON i.message_no = named.message_no AND i.ordinal = named.ordinal AND NOT i.rest AND i.cleared_by IS NULL
JOIN observation o ON o.message_no = i.message_no AND o.ordinal = i.ordinal AND o.verdict = ANY ($3::text[])
ORDER BY o.message_no, o.ordinal FOR UPDATE OF i;

-- name: split_entries (parts $3 of an entry that stands in suspense as a whole)
SELECT o.message_no, o.ordinal, o.verdict, o.attempt_no, o.submission_no, o.amount_minor, o.currency, o.credit,
       o.charges_minor, o.batch_count, true AS matched,
       i.item_no, i.amount_minor AS suspended_minor, i.payments AS suspended_payments,
       i.statement_no, i.bank, i.debtor_account, i.currency AS account_currency
FROM suspense_item i
JOIN observation o ON o.message_no = i.message_no AND o.ordinal = ANY ($3::int[])
WHERE i.message_no = $1 AND i.ordinal = $2 AND NOT i.rest AND i.cleared_by IS NULL
ORDER BY o.ordinal FOR UPDATE OF i;

-- name: lock_attempts (those named, and the members that a booked sum can cover: 8 is booked, see domain/facts.py)
SELECT attempt_no, submission_no, amount_minor, facts, returned_minor FROM attempt
WHERE attempt_no = ANY ($1::bigint[]) OR (submission_no = ANY ($2::bigint[]) AND facts & 8 <> 0)
ORDER BY attempt_no FOR UPDATE;

-- name: came_back
UPDATE attempt a SET returned_minor = v.returned_minor
FROM unnest($1::bigint[], $2::bigint[]) AS v (attempt_no, returned_minor) WHERE a.attempt_no = v.attempt_no;

-- name: suspend (with the exception that was opened about the entry, where one was)
INSERT INTO suspense_item (message_no, ordinal, rest, statement_no, bank, currency, debtor_account, amount_minor, payments,
                           why, exception_no, put_by)
SELECT v.message_no, v.ordinal, $1, $2, $3, $4, $5, v.amount_minor, v.payments, v.why,
       (SELECT e.exception_no FROM exception e
        WHERE (e.kind = v.kind AND e.key = v.message_no || '/' || v.ordinal)
           OR (e.kind = 'conflict' AND e.key = v.attempt_no::text)
           OR (e.kind = 'amount differs' AND e.key IN ('sum of submission ' || v.submission_no,
                                                       'sum ' || v.message_no || '/' || v.ordinal))
        ORDER BY (e.message_no = v.message_no AND e.ordinal = v.ordinal) IS TRUE DESC, e.state = 'closed',
                 e.kind = v.kind DESC, e.exception_no LIMIT 1), $6
FROM unnest($7::bigint[], $8::int[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::bigint[])
     AS v (message_no, ordinal, amount_minor, payments, why, kind, attempt_no, submission_no);

-- name: advance
UPDATE statement SET settled_through = $2 WHERE statement_no = $1;

-- name: rests (what the details of an entry do not explain of it, debit positive, and the charges they tell of)
SELECT min(ordinal) AS ordinal,
       (coalesce(sum(CASE WHEN credit THEN amount_minor ELSE -amount_minor END) FILTER (WHERE currency = $3), 0)
        - max(entry_minor))::bigint AS rest_minor,
       coalesce(sum(charges_minor), 0)::bigint AS charges_minor
FROM observation WHERE message_no = $1 AND statement = $2 AND booked AND verdict <> 'split by hand'
GROUP BY entry
HAVING max(entry_minor) <> coalesce(sum(CASE WHEN credit THEN amount_minor ELSE -amount_minor END) FILTER (WHERE currency = $3), 0)
ORDER BY 1;

-- name: settled
UPDATE statement SET settled = true WHERE statement_no = $1;

-- name: booked (what a statement posted, by account)
SELECT p.account, sum(p.amount_minor)::bigint AS amount_minor, sum(p.payments)::bigint AS payments
FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_no = t.transaction_no
WHERE t.statement_no = $1 AND p.account = ANY ($2::text[])
GROUP BY p.account ORDER BY p.account;

-- name: entries_minor
SELECT entries_minor FROM statement WHERE statement_no = $1;
