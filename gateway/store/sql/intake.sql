-- name: find
SELECT batch_no, state, pay_date FROM batch WHERE source = $1 AND batch_id = $2;

-- name: lock (shared with other chunks; close waits for all of us, and we for it)
SELECT batch_no, state, pay_date FROM batch WHERE source = $1 AND batch_id = $2 FOR SHARE;

-- name: staging (a table of this connection; made again should a pooler have discarded it)
CREATE TEMPORARY TABLE IF NOT EXISTS staged_order (
    order_id text COLLATE "C", digest bytea, document bytea, violations text, benefit text, entitlement_id text,
    period text, sequence smallint, amount_minor bigint, currency text, account_type text, account text,
    person_keys text[], valid_until date, approved_at timestamptz,
    mandate_id text, mandate_until date, collect_from date, collect_until date, replaces text COLLATE "C", held text
) ON COMMIT DELETE ROWS;

-- name: turn (adr/0003: chunks of one source are stored one after the other: ids and claims lock in two different orders
-- and could deadlock; what is unique is unique within a source, so nobody else can be in the way)
SELECT pg_advisory_xact_lock(hashtextextended('intake/' || $1, 0));

-- name: judge (corrections, which wait for the release of their batch, and orders that do not say what they correct: those
-- for an entitlement that an order of a released batch had before; a batch that was withdrawn had nothing)
UPDATE staged_order s SET violations = j.violations, held = CASE WHEN j.violations IS NULL THEN j.held END
FROM (
    SELECT n.order_id,
           CASE WHEN n.replaces IS NULL THEN 'correction.unnamed' ELSE 'correction.waits' END AS held,
           CASE WHEN n.replaces IS NULL THEN NULL
                WHEN old.order_no IS NULL
                THEN '[{"path": "/replaces", "rule": "replaces.unknown", "text": "there is no such order"}]'
                WHEN (old.entitlement_id, old.period, old.sequence) IS DISTINCT FROM (n.entitlement_id, n.period, n.sequence)
                THEN '[{"path": "/replaces", "rule": "replaces.other-entitlement", "text": "that order is for another entitlement"}]'
           END AS violations
    FROM staged_order n
    LEFT JOIN payment_order old ON old.source = $1 AND old.order_id = n.replaces
    WHERE n.violations IS NULL AND (n.replaces IS NOT NULL OR EXISTS (
        SELECT FROM payment_order h JOIN batch b ON b.batch_no = h.batch_no
        WHERE NOT h.claims AND h.entitlement_id IS NOT NULL
          AND (h.source, h.entitlement_id, h.period, h.sequence) = ($1, n.entitlement_id, n.period, n.sequence)
          AND h.state IN ('cancelled', 'given back', 'replaced') AND b.state = 'released'))
) j
WHERE j.order_id = s.order_id;

-- name: store
INSERT INTO payment_order (batch_no, source, order_id, digest, document, state, violations, benefit, entitlement_id, period,
    sequence, amount_minor, currency, account_type, account, person_keys, valid_until, approved_at, mandate_id, mandate_until,
    collect_from, collect_until, received_at, replaces, reason, claims)
SELECT $1, $2, order_id, digest, document,
    CASE WHEN violations IS NOT NULL THEN 'refused' WHEN held IS NOT NULL THEN 'held' ELSE 'payable' END, violations::jsonb, benefit, entitlement_id, period, sequence, amount_minor, currency, account_type, account, person_keys, valid_until,
    approved_at, mandate_id, mandate_until, collect_from, collect_until, $3, replaces, held, violations IS NULL AND held IS NULL
FROM staged_order ORDER BY order_id
ON CONFLICT DO NOTHING;

-- name: hold (orders that are not here yet and yet were not stored: their entitlement is claimed by another order)
INSERT INTO payment_order (batch_no, source, order_id, digest, document, state, reason, benefit, entitlement_id, period,
    sequence, amount_minor, currency, account_type, account, person_keys, valid_until, approved_at, mandate_id, mandate_until,
    collect_from, collect_until, received_at, claims)
SELECT $1, $2, s.order_id, s.digest, s.document, 'held', 'entitlement.claimed', s.benefit, s.entitlement_id, s.period,
    s.sequence, s.amount_minor, s.currency, s.account_type, s.account, s.person_keys, s.valid_until, s.approved_at,
    s.mandate_id, s.mandate_until, s.collect_from, s.collect_until, $3, false
FROM staged_order s
WHERE NOT EXISTS (SELECT FROM payment_order o WHERE o.source = $2 AND o.order_id = s.order_id)
ORDER BY s.order_id
ON CONFLICT DO NOTHING;

-- name: compare (what is stored under each order id of the chunk: the same, or something else)
SELECT s.order_id, o.state, (o.digest = s.digest) AS same_content, (o.batch_no = $1) AS same_batch
FROM staged_order s
JOIN payment_order o ON o.source = $2 AND o.order_id = s.order_id
ORDER BY s.order_id;

-- name: link (identifiers that one party carried together; answers those that were learnt now)
INSERT INTO person_link (source, low, high)
SELECT DISTINCT $1, l.low, l.high FROM unnest($2::text[], $3::text[]) AS l (low, high) ORDER BY l.low, l.high
ON CONFLICT DO NOTHING RETURNING low;
