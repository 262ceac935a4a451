-- name: gate (alone: no intent commits between here and our commit; see intent_gate)
SELECT pg_advisory_xact_lock(1735467123);

-- name: intent_gate (shared by intents, held until they commit)
SELECT pg_advisory_xact_lock_shared(1735467123);

-- name: set (the same active stop again is the same row, and whoever asked to lift it did not know of this)
INSERT INTO stop (kind, source, value, reason, reason_class, effective_on, set_at, set_by, notice_no)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (source, kind, value, reason, reason_class, coalesce(notice_no, 0)) WHERE state = 'active'
DO UPDATE SET swept = false, lift_asked_by = NULL, lift_asked_at = NULL
RETURNING stop_no;

-- name: lock
SELECT source, state, lift_asked_by FROM stop WHERE stop_no = $1 FOR UPDATE;

-- name: page (newest first)
SELECT stop_no FROM stop
WHERE ($2 OR source = ANY ($1::text[])) AND stop_no < coalesce($3, 9223372036854775807) AND ($5 = '' OR state = $5)
ORDER BY stop_no DESC LIMIT $4;

-- name: views (with what each caught; sums were kept as they grew)
SELECT s.stop_no, s.kind, s.source, s.value, s.reason, s.reason_class, s.effective_on, n.event_id AS notice, s.state, s.set_at,
       s.set_by, s.lift_asked_by, s.lifted_by, s.voided,
       s.swept AND NOT EXISTS (SELECT FROM stop_sweep w WHERE w.stop_no = s.stop_no) AS swept,
       (SELECT count(*) FROM recall r WHERE r.stop_no = s.stop_no) AS recalls,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('how', t.how, 'currency', t.currency, 'orders', t.orders, 'minor', t.minor)
                                  ORDER BY t.how, t.currency), '[]')
        FROM stop_total t WHERE t.stop_no = s.stop_no) AS totals
FROM stop s LEFT JOIN stop_notice n ON n.notice_no = s.notice_no
WHERE s.stop_no = ANY ($1::bigint[]);

-- name: caught
SELECT c.order_no, o.source, o.order_id, c.how, o.currency, o.amount_minor, c.caught_at
FROM stop_catch c JOIN payment_order o ON o.order_no = c.order_no
WHERE c.stop_no = $1 AND c.order_no > $2 AND ($5 OR o.source = ANY ($4::text[]))
ORDER BY c.order_no, c.how LIMIT $3;

-- name: ask_lift
UPDATE stop SET lift_asked_by = $2, lift_asked_at = $3 WHERE stop_no = $1 AND state = 'active';

-- name: lift (the CHECK refuses the same person twice)
UPDATE stop SET state = 'lifted', lifted_by = $2, lifted_at = $3 WHERE stop_no = $1 AND state = 'active';

-- name: caught_before_sending (what another holds is an intent waiting at the gate: it will see this stop and void itself)
WITH member AS (
    SELECT s.submission_no, a.order_no
    FROM submission s JOIN attempt a ON a.submission_no = s.submission_no
    WHERE s.state IN ('sealed', 'not sent')
), hit AS (
    SELECT m.submission_no, array_agg(DISTINCT c.stop_no) AS stops
    FROM stops_on(ARRAY(SELECT order_no FROM member)) c JOIN member m ON m.order_no = c.order_no
    GROUP BY m.submission_no
)
SELECT s.submission_no, s.state, hit.stops
FROM submission s JOIN hit ON hit.submission_no = s.submission_no
WHERE s.state IN ('sealed', 'not sent')
ORDER BY s.submission_no
FOR UPDATE OF s SKIP LOCKED;

-- name: voided
UPDATE stop SET voided = voided + 1 WHERE stop_no = ANY ($1::bigint[]);

-- name: voided_at_intent (by the stops on its members; locked in one order, for other lanes void at the same time)
UPDATE stop SET voided = voided + 1 WHERE stop_no = ANY (ARRAY(
    SELECT s.stop_no FROM stop s
    WHERE s.stop_no IN (SELECT c.stop_no FROM stops_on(ARRAY(SELECT order_no FROM attempt WHERE submission_no = $1)) c)
    ORDER BY s.stop_no FOR UPDATE));

-- name: keep (what is payable and has not left: not yet cut, to be cut again, in no submission or in one not sent)
WITH waiting AS (
    SELECT o.order_no FROM batch b JOIN payment_order o ON o.batch_no = b.batch_no
    WHERE b.state <> 'withdrawn' AND NOT b.cut_done AND o.order_id > b.cut_through
    UNION
    SELECT a.order_no FROM submission s JOIN attempt a ON a.submission_no = s.submission_no
    WHERE s.state IN ('open', 'sealed', 'not sent') AND NOT a.closed
    UNION
    SELECT a.order_no FROM attempt a WHERE a.submission_no IS NULL AND NOT a.closed
    UNION
    SELECT o.order_no FROM payment_order o WHERE o.next_try_on IS NOT NULL
), kept AS (
    INSERT INTO stop_catch (stop_no, order_no, how, caught_at)
    SELECT c.stop_no, c.order_no, 'kept', $2
    FROM stops_on(ARRAY(SELECT order_no FROM waiting)) c
    JOIN payment_order o ON o.order_no = c.order_no AND o.state = 'payable'
    WHERE c.stop_no = $1 ORDER BY c.order_no
    ON CONFLICT DO NOTHING RETURNING stop_no, order_no
)
INSERT INTO stop_total AS total (stop_no, how, currency, orders, minor)
SELECT k.stop_no, 'kept', o.currency, count(*), sum(o.amount_minor)
FROM kept k JOIN payment_order o ON o.order_no = k.order_no GROUP BY k.stop_no, o.currency ORDER BY k.stop_no, o.currency
ON CONFLICT (stop_no, how, currency) DO UPDATE SET orders = total.orders + EXCLUDED.orders, minor = total.minor + EXCLUDED.minor;

-- name: keep_loose (orders that came after their stop: sealing put them back, and they wait in no submission; or to be cut again)
WITH loose AS (
    SELECT a.order_no FROM attempt a JOIN payment_order o ON o.order_no = a.order_no AND o.state = 'payable'
    WHERE a.submission_no IS NULL AND NOT a.closed AND EXISTS (SELECT FROM stop WHERE state = 'active')
      AND NOT EXISTS (SELECT FROM stop_catch c JOIN stop s ON s.stop_no = c.stop_no AND s.state = 'active'
                      WHERE c.order_no = a.order_no AND c.how = 'kept')
    UNION
    SELECT o.order_no FROM payment_order o
    WHERE o.next_try_on IS NOT NULL AND o.state = 'payable' AND EXISTS (SELECT FROM stop WHERE state = 'active')
      AND NOT EXISTS (SELECT FROM stop_catch c JOIN stop s ON s.stop_no = c.stop_no AND s.state = 'active'
                      WHERE c.order_no = o.order_no AND c.how = 'kept')
), kept AS (
    INSERT INTO stop_catch (stop_no, order_no, how, caught_at)
    SELECT c.stop_no, c.order_no, 'kept', $1 FROM stops_on(ARRAY(SELECT order_no FROM loose)) c ORDER BY c.stop_no, c.order_no
    ON CONFLICT DO NOTHING RETURNING stop_no, order_no
)
INSERT INTO stop_total AS total (stop_no, how, currency, orders, minor)
SELECT k.stop_no, 'kept', o.currency, count(*), sum(o.amount_minor)
FROM kept k JOIN payment_order o ON o.order_no = k.order_no GROUP BY k.stop_no, o.currency ORDER BY k.stop_no, o.currency
ON CONFLICT (stop_no, how, currency) DO UPDATE SET orders = total.orders + EXCLUDED.orders, minor = total.minor + EXCLUDED.minor;

-- name: propose_recalls (what is on its way: no fact yet that it was paid, came back or was refused; bits of domain/facts.py.
-- Booked over the counter is not yet paid there)
WITH on_its_way AS (
    SELECT a.attempt_no, a.order_no
    FROM submission sub
    JOIN attempt a ON a.submission_no = sub.submission_no
    WHERE sub.state IN ('sending', 'delivered', 'unknown') AND NOT a.closed
      AND (CASE WHEN a.facts & (1 | 2 | 4 | 64 | 512) <> 0 THEN a.facts ELSE a.facts | sub.group_facts END)
        & CASE WHEN a.facts & 2048 <> 0 THEN 4 | 64 | 128 | 256 | 512 ELSE 4 | 8 | 16 | 64 | 128 | 256 | 512 END = 0
), caught AS MATERIALIZED (
    SELECT s.stop_no, s.reason, w.attempt_no, w.order_no
    FROM stops_on(ARRAY(SELECT order_no FROM on_its_way)) c
    JOIN stop s ON s.stop_no = c.stop_no AND s.stop_no = $1
    JOIN on_its_way w ON w.order_no = c.order_no
), proposed AS (
    INSERT INTO recall (attempt_no, stop_no, reason, proposed_at)
    SELECT attempt_no, stop_no, reason, $2 FROM caught ORDER BY attempt_no
    ON CONFLICT (attempt_no) DO NOTHING
), gone AS (
    INSERT INTO stop_catch (stop_no, order_no, how, caught_at)
    SELECT stop_no, order_no, 'left', $2 FROM caught ORDER BY order_no
    ON CONFLICT DO NOTHING RETURNING stop_no, order_no
)
INSERT INTO stop_total AS total (stop_no, how, currency, orders, minor)
SELECT g.stop_no, 'left', o.currency, count(*), sum(o.amount_minor)
FROM gone g JOIN payment_order o ON o.order_no = g.order_no GROUP BY g.stop_no, o.currency ORDER BY g.stop_no, o.currency
ON CONFLICT (stop_no, how, currency) DO UPDATE SET orders = total.orders + EXCLUDED.orders, minor = total.minor + EXCLUDED.minor;

-- name: take_sweeps
DELETE FROM stop_sweep WHERE stop_no = $1;

-- name: sweep_again (stops on a person that these identifiers belong to, as is known now)
INSERT INTO stop_sweep (stop_no)
SELECT DISTINCT p.stop_no FROM stopped_persons() p
WHERE p.identifier = ANY ($2::text[]) AND (p.source = '*' OR p.source = $1) ORDER BY 1;

-- name: swept
UPDATE stop SET swept = true WHERE stop_no = $1;

-- name: next_unswept
SELECT stop_no FROM (SELECT stop_no FROM stop WHERE NOT swept UNION ALL SELECT stop_no FROM stop_sweep) s
ORDER BY stop_no LIMIT 1;
