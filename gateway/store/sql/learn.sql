-- name: alone (who leaves entries nameless waits for those that teach references of this bank, and looks again)
SELECT pg_advisory_xact_lock(hashtextextended('references of ' || $1::text, 0));

-- name: together (who teaches references waits for those that leave entries nameless, and looks at them)
SELECT pg_advisory_xact_lock_shared(hashtextextended('references of ' || $1::text, 0));

-- name: any_nameless
SELECT EXISTS (
    SELECT FROM observation o JOIN bank_message m ON m.message_no = o.message_no AND m.bank = $1
    WHERE o.submission_no IS NULL AND o.verdict IN ('orphan', 'lump return', 'ambiguous'));

-- name: nameless (entries that one of these references may name by now, and credits that a sum booked now may explain)
SELECT o.message_no, o.ordinal FROM observation o JOIN bank_message m ON m.message_no = o.message_no AND m.bank = $1
WHERE o.submission_no IS NULL AND o.verdict IN ('orphan', 'lump return', 'ambiguous')
  AND (o.entry_ref = ANY ($2::text[]) OR o.tx_id = ANY ($2::text[]) OR o.credit AND o.amount_minor = ANY ($3::bigint[]))
ORDER BY o.message_no, o.ordinal FOR UPDATE OF o;

-- name: found_a_home (what nobody could place has its place: the machine closes the exception)
WITH ended AS (
    UPDATE exception SET state = 'closed', closed_at = $2, closed_by = 'machine', closed_how = 'evidence'
    WHERE kind IN ('ambiguous', 'orphan', 'lump return') AND key = $1 AND state <> 'closed' RETURNING exception_no
), lapsed AS (
    UPDATE decision d SET state = 'lapsed', lapsed_at = $2, lapsed_why = 'evidence' FROM ended e
    WHERE d.exception_no = e.exception_no AND d.state = 'asked'
)
INSERT INTO exception_event (exception_no, event_no, act, by, at, detail)
SELECT e.exception_no, coalesce((SELECT max(h.event_no) FROM exception_event h WHERE h.exception_no = e.exception_no), 0) + 1,
       'close', 'machine', $2, '{"how": "evidence"}'
FROM ended e;
