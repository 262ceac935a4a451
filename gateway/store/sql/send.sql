-- name: pick (what may go out now on this lane; skipped while another worker holds it)
SELECT s.submission_no, s.batch_no, s.state, s.tries, s.name, s.size, s.sha256, s.pay_date, s.currency, s.sum_minor,
       b.source, b.manifest, b.manifest_signature
FROM submission s
JOIN lane l ON l.bank = s.bank
JOIN batch b ON b.batch_no = s.batch_no
WHERE s.bank = $1 AND s.state IN ('sealed', 'not sent')
  AND (s.next_attempt_at IS NULL OR s.next_attempt_at <= $2)
  AND l.breaker = 'closed' AND NOT paused(s.bank, b.source)
  AND NOT account_held(s.bank, s.debtor_account, s.currency)
ORDER BY s.submission_no
LIMIT 1
FOR UPDATE OF s SKIP LOCKED;

-- name: objection (the first check of the intent that fails, or NULL)
SELECT CASE
    WHEN paused($2, $3) THEN 'pause'
    WHEN (SELECT account_held(s.bank, s.debtor_account, s.currency) FROM submission s WHERE s.submission_no = $1)
        THEN 'funds missing'
    WHEN EXISTS (SELECT FROM attempt a JOIN payment_order o ON o.order_no = a.order_no
                 WHERE a.submission_no = $1 AND (o.state <> 'payable' OR a.closed)) THEN 'cancellation'
    WHEN EXISTS (SELECT FROM attempt a JOIN payment_order o ON o.order_no = a.order_no
                 WHERE a.submission_no = $1 AND least(o.valid_until, o.collect_until) < $4) THEN 'date passed'
    WHEN EXISTS (SELECT FROM attempt a JOIN payment_order o ON o.order_no = a.order_no
                 WHERE a.submission_no = $1 AND o.mandate_until < $4) THEN 'mandate ended'
    WHEN EXISTS (SELECT FROM stops_on(ARRAY(SELECT a.order_no FROM attempt a WHERE a.submission_no = $1))) THEN 'stop'
    WHEN (SELECT count(*) FROM attempt a WHERE a.submission_no = $1)
         <> (SELECT s.payment_count FROM submission s WHERE s.submission_no = $1) THEN 'members changed'
END;

-- name: draw_intent (a number that is never drawn again, also when this transaction is rolled back)
SELECT nextval(pg_get_serial_sequence('intent', 'intent_no'));

-- name: promise
WITH tried AS (UPDATE submission SET tries = $2 WHERE submission_no = $1 AND tries = $2 - 1 RETURNING submission_no)
INSERT INTO intent (intent_no, submission_no, number, worker, committed_at, lease_until) OVERRIDING SYSTEM VALUE
SELECT $6, submission_no, $2, $3, $4, $5 FROM tried;

-- name: pieces
SELECT piece FROM submission_bytes WHERE submission_no = $1 ORDER BY piece_no;

-- name: conclude (only the worker whose lease still stands; the sweeper concludes what was left behind)
-- The submission is locked before its intent, as by all who move it: a status may be applied at this moment.
WITH held AS (
    SELECT s.submission_no FROM submission s
    WHERE s.submission_no = (SELECT i.submission_no FROM intent i WHERE i.intent_no = $1) FOR NO KEY UPDATE
)
UPDATE intent i SET outcome = $2, evidence = $3, proved = ($2 <> 'unknown')
FROM held WHERE i.intent_no = $1 AND i.submission_no = held.submission_no AND i.outcome IS NULL;

-- name: late (evidence of a worker that had lost its lease)
UPDATE intent SET late_evidence = $2 WHERE intent_no = $1;
