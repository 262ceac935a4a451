-- name: pick (at most $3 that may go out now on this lane, but for those that another worker holds or has claimed; $4: it keeps
-- a pace; $5: only what has nothing under way before it)
SELECT s.submission_no, s.batch_no, s.state, s.tries, s.waited, s.name, coalesce(w.recipient, '') AS recipient, s.destination,
       coalesce(w.size, s.size) AS size, coalesce(w.sha256, s.sha256) AS sha256, s.product, s.pay_date, s.currency,
       s.sum_minor, b.source, coalesce(c.rule, '') AS control_rule, c.name AS control_name, c.content AS control
FROM submission s
JOIN lane l ON l.bank = s.bank
JOIN batch b ON b.batch_no = s.batch_no
LEFT JOIN submission_wire w ON w.submission_no = s.submission_no
LEFT JOIN submission_control c ON c.submission_no = s.submission_no
WHERE s.bank = $1 AND s.state IN ('sealed', 'not sent')
  AND (s.next_attempt_at IS NULL OR s.next_attempt_at <= $2)
  AND (s.claimed_until IS NULL OR s.claimed_until <= $2)
  AND l.breaker = 'closed' AND NOT paused(s.bank, b.source)
  AND NOT account_held(s.bank, s.debtor_account, s.currency)
  AND (l.asked_until IS NULL OR l.asked_until <= $2)
  AND s.submission_no NOT IN (SELECT n FROM alarmed() AS n)
  AND (NOT $4 OR l.paced_until IS NULL OR l.paced_until <= $2)
  AND (NOT $5 OR NOT EXISTS (
      SELECT FROM submission e WHERE e.bank = s.bank AND e.sequence < s.sequence
      AND e.state IN ('open', 'sealed', 'sending', 'not sent', 'unknown')))
ORDER BY s.submission_no
LIMIT $3
FOR UPDATE OF s SKIP LOCKED;

-- name: draw_intents (numbers that are never drawn again, also when this transaction is rolled back)
SELECT nextval(pg_get_serial_sequence('intent', 'intent_no')) FROM generate_series(1, $1::int);

-- name: claim (nobody else leaves marks for these meanwhile; a claim ends by itself)
UPDATE submission s SET claim = c.claim, claimed_until = $3
FROM unnest($1::bigint[], $2::bigint[]) AS c (submission_no, claim) WHERE s.submission_no = c.submission_no;

-- name: unclaim (what could not be marked, or may not go yet)
UPDATE submission s SET claim = NULL, claimed_until = NULL
FROM unnest($1::bigint[], $2::bigint[]) AS c (submission_no, claim)
WHERE s.submission_no = c.submission_no AND s.claim = c.claim AND s.state IN ('sealed', 'not sent');

-- name: claimed (locked: what is still to be sent and still claimed by the intent to come)
SELECT s.submission_no FROM submission s
JOIN unnest($1::bigint[], $2::bigint[]) AS c (submission_no, claim) ON c.submission_no = s.submission_no AND c.claim = s.claim
WHERE s.state IN ('sealed', 'not sent') ORDER BY s.submission_no FOR UPDATE OF s;

-- name: alarmed (of these, now that they are locked)
SELECT n FROM alarmed() AS n WHERE n = ANY ($1::bigint[]);

-- name: approvals
SELECT batch_no, source, manifest, manifest_signature FROM batch WHERE batch_no = ANY ($1::bigint[]) ORDER BY batch_no;

-- name: objections (of each submission the first check of the intent that fails, if one does)
WITH due AS (
    SELECT s.submission_no, s.payment_count, s.debtor_account, s.currency, b.source
    FROM submission s JOIN batch b ON b.batch_no = s.batch_no WHERE s.submission_no = ANY ($1::bigint[])
), member AS (
    SELECT a.submission_no, a.order_no, a.closed, o.state, least(o.valid_until, o.collect_until) AS last_day, o.mandate_until
    FROM attempt a JOIN payment_order o ON o.order_no = a.order_no WHERE a.submission_no = ANY ($1::bigint[])
), stopped AS (
    SELECT DISTINCT m.submission_no FROM stops_on(ARRAY(SELECT order_no FROM member)) c JOIN member m ON m.order_no = c.order_no
), judged AS (
    SELECT m.submission_no, count(*) AS members, bool_or(m.state <> 'payable' OR m.closed) AS cancelled,
           bool_or(m.last_day < $3) AS passed, bool_or(m.mandate_until < $3) AS mandate_ended
    FROM member m GROUP BY m.submission_no
)
SELECT submission_no, objection FROM (
    SELECT d.submission_no, CASE
        WHEN paused($2, d.source) THEN 'pause'
        WHEN account_held($2, d.debtor_account, d.currency) THEN 'funds missing'
        WHEN j.cancelled THEN 'cancellation'
        WHEN j.passed THEN 'date passed'
        WHEN j.mandate_ended THEN 'mandate ended'
        WHEN d.submission_no IN (SELECT submission_no FROM stopped) THEN 'stop'
        WHEN j.members IS DISTINCT FROM d.payment_count THEN 'members changed'
    END AS objection
    FROM due d LEFT JOIN judged j ON j.submission_no = d.submission_no
) AS checked WHERE objection IS NOT NULL;

-- name: promise (the intents of locked submissions; returns how many)
WITH tried AS (
    UPDATE submission s SET tries = t.tries, claim = NULL, claimed_until = NULL
    FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS t (submission_no, intent_no, tries)
    WHERE s.submission_no = t.submission_no AND s.tries = t.tries - 1
    RETURNING s.submission_no, t.intent_no, t.tries
)
INSERT INTO intent (intent_no, submission_no, number, worker, committed_at, lease_until, credential) OVERRIDING SYSTEM VALUE
SELECT intent_no, submission_no, tries, $4, $5, $6, $7 FROM tried;

-- name: pieces (what goes over the wire, by submission: the sealed bytes, or what they were wrapped into)
SELECT submission_no, piece FROM (
    SELECT submission_no, piece_no, piece FROM submission_wire_bytes WHERE submission_no = ANY ($1::bigint[])
    UNION ALL
    SELECT b.submission_no, b.piece_no, b.piece FROM submission_bytes b
    WHERE b.submission_no = ANY ($1::bigint[])
      AND NOT EXISTS (SELECT FROM submission_wire w WHERE w.submission_no = b.submission_no)
) AS wire ORDER BY submission_no, piece_no;

-- name: conclude (only the worker whose lease still stands; the sweeper concludes what was left behind)
-- The submissions are locked before their intents, as by all who move one: a status may be applied at this moment.
WITH told AS (
    SELECT i.intent_no, t.outcome, t.evidence
    FROM unnest($1::bigint[], $2::text[], $3::jsonb[]) AS t (intent_no, outcome, evidence)
    JOIN intent i ON i.intent_no = t.intent_no JOIN submission s ON s.submission_no = i.submission_no
    WHERE i.outcome IS NULL ORDER BY s.submission_no FOR NO KEY UPDATE OF s
)
UPDATE intent i SET outcome = t.outcome, evidence = t.evidence, proved = (t.outcome <> 'unknown')
FROM told t WHERE i.intent_no = t.intent_no AND i.outcome IS NULL RETURNING i.intent_no;

-- name: waited (tries that were never begun, because the bank asked us to wait)
UPDATE submission SET waited = waited + 1 WHERE submission_no = ANY ($1::bigint[]);

-- name: late (evidence of a worker that had lost its lease)
UPDATE intent SET late_evidence = $2 WHERE intent_no = $1;
