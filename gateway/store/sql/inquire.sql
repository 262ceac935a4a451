-- name: take (unless the bank asked us to wait; the next inquiry is due later, should this one die; asking twice does no harm)
WITH due AS (
    SELECT s.submission_no FROM submission s
    WHERE s.bank = $1 AND s.state = 'unknown' AND s.next_attempt_at <= $2
      AND NOT EXISTS (SELECT FROM lane l WHERE l.bank = $1 AND l.asked_until > $2)
    ORDER BY s.next_attempt_at, s.submission_no LIMIT 1 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE submission s SET next_attempt_at = $3 FROM due WHERE s.submission_no = due.submission_no
    RETURNING s.submission_no, s.name, s.size, s.sha256, s.tries, s.says_unknown, s.destination
)
SELECT t.submission_no, t.name, coalesce(w.size, t.size) AS size, coalesce(w.sha256, t.sha256) AS sha256, t.tries,
       t.says_unknown, t.destination, c.name AS control_name, c.content AS control,
       ARRAY(SELECT i.intent_no FROM intent i WHERE i.submission_no = t.submission_no AND NOT i.proved
             AND i.late_evidence ->> 'saw' IS DISTINCT FROM 'not sent' ORDER BY i.intent_no) AS intents,
       ARRAY(SELECT DISTINCT i.credential FROM intent i WHERE i.submission_no = t.submission_no AND NOT i.proved
             AND i.late_evidence ->> 'saw' IS DISTINCT FROM 'not sent' AND i.credential IS NOT NULL) AS credentials,
       (SELECT max(i.lease_until) FROM intent i WHERE i.submission_no = t.submission_no) AS lease_until,
       EXISTS (SELECT FROM intent i WHERE i.submission_no = t.submission_no
               AND i.late_evidence ->> 'saw' = 'sent') AS seen_sent
FROM taken t LEFT JOIN submission_wire w USING (submission_no) LEFT JOIN submission_control c USING (submission_no);

-- name: same_doubt (still unknown and not tried again since it was asked about: a finding speaks for the tries before it)
SELECT true FROM submission WHERE submission_no = $1 AND tries = $2 AND state = 'unknown' FOR UPDATE;

-- name: says_unknown
UPDATE submission SET says_unknown = says_unknown + 1
WHERE submission_no = $1 AND tries = $2 AND state = 'unknown' RETURNING says_unknown;

-- name: proved (every try is accounted for; a further one starts with a clean count)
WITH counted AS (UPDATE submission SET says_unknown = 0 WHERE submission_no = $1)
UPDATE intent SET proved = true WHERE submission_no = $1;

-- name: sweep (the submission is locked before its intent, as by all who move it)
WITH ended AS (
    SELECT i.intent_no FROM intent i JOIN submission s ON s.submission_no = i.submission_no
    WHERE i.outcome IS NULL AND i.lease_until < $1 ORDER BY i.lease_until LIMIT 1 FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE intent i SET outcome = 'unknown', evidence = '{"swept": "lease ended"}'
FROM ended e WHERE i.intent_no = e.intent_no AND i.outcome IS NULL
RETURNING i.submission_no;
