-- name: batches (two rows at most tell that the id alone does not say which)
SELECT batch_no, source, batch_id, programme, pay_date, state, opened_at, closed_at, ended_at, order_count, totals,
       manifest_expires_at
FROM batch WHERE batch_id = $1 AND ($3 OR source = ANY ($2::text[])) ORDER BY source LIMIT 2;

-- name: orders
SELECT o.order_no, o.source, o.order_id, b.batch_id, o.state, o.reason, o.violations, o.benefit, o.entitlement_id, o.period,
       o.sequence, o.amount_minor, o.currency, o.valid_until, o.received_at, o.outcome_no, o.outcome
FROM payment_order o
JOIN batch b ON b.batch_no = o.batch_no
WHERE o.order_id = $1 AND ($3 OR o.source = ANY ($2::text[])) ORDER BY o.source LIMIT 2;

-- name: attempts
SELECT a.generation, a.bank, a.route_reason, a.end_to_end_id, a.uetr::text AS uetr, a.facts, a.reason, a.entry_ref, a.closed,
       s.msg_id, s.state AS submission_state, coalesce(s.group_facts, 0) AS group_facts, s.product, s.next_attempt_at
FROM attempt a
LEFT JOIN submission s ON s.submission_no = a.submission_no
WHERE a.order_no = $1 ORDER BY a.generation;

-- name: submissions
SELECT s.submission_no, s.bank, s.msg_id, s.name, b.source, b.batch_id, s.product, s.pay_date, s.currency, s.state,
       s.group_facts, s.group_reason, s.payment_count, s.sum_minor, encode(s.sha256, 'hex') AS sha256,
       encode(s.payments_digest, 'hex') AS payments_digest, s.size, s.sealed_at, s.tries, s.next_attempt_at
FROM submission s
JOIN batch b ON b.batch_no = s.batch_no
WHERE s.msg_id = $1 AND ($3 OR b.source = ANY ($2::text[])) AND ($4 = '' OR s.bank = $4) ORDER BY s.bank LIMIT 2;

-- name: submission_events
SELECT event_no, from_state, to_state, why, at, actor, evidence
FROM submission_event WHERE submission_no = $1 ORDER BY event_no;

-- name: intents
SELECT number, worker, committed_at, lease_until, outcome, proved, evidence, late_evidence
FROM intent WHERE submission_no = $1 ORDER BY number;

-- name: piece
SELECT piece_no, piece FROM submission_bytes WHERE submission_no = $1 AND piece_no > $2 ORDER BY piece_no LIMIT 1;

-- name: feed (in transaction order below the horizon: identity values commit out of order, and an event that commits later
-- with a lower number would be missed)
SELECT xid::text::bigint AS xid, event_no, document FROM outcome_event
WHERE (xid, event_no) > ($1::bigint::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot())
  AND ($4 OR source = ANY ($3::text[]))
ORDER BY xid, event_no LIMIT $5;

-- name: alive
SELECT true;
