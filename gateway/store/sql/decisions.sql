-- name: ask (nothing if the same, or another decision of the same exception, waits)
INSERT INTO decision (exception_no, act, subject, digest, asked_by, asked_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
RETURNING decision_no, exception_no, act, subject, encode(digest, 'hex') AS digest, state, asked_by, asked_at, expires_at,
          confirmed_by, refused_by, lapsed_why;

-- name: look
SELECT decision_no, exception_no, act, subject, encode(digest, 'hex') AS digest, state, asked_by, asked_at, expires_at,
       confirmed_by, refused_by, lapsed_why
FROM decision WHERE decision_no = $1;

-- name: lock
SELECT decision_no, exception_no, act, subject, encode(digest, 'hex') AS digest, state, asked_by, asked_at, expires_at,
       confirmed_by, refused_by, lapsed_why
FROM decision WHERE decision_no = $1 FOR UPDATE;

-- name: of_exception
SELECT decision_no, exception_no, act, subject, encode(digest, 'hex') AS digest, state, asked_by, asked_at, expires_at,
       confirmed_by, refused_by, lapsed_why
FROM decision WHERE exception_no = $1 ORDER BY decision_no;

-- name: confirm (the CHECKs refuse the same person and a time that has passed)
UPDATE decision SET state = 'confirmed', confirmed_by = $2, confirmed_at = $3 WHERE decision_no = $1 AND state = 'asked';

-- name: refuse
UPDATE decision SET state = 'refused', refused_by = $2, refused_at = $3 WHERE decision_no = $1 AND state = 'asked';

-- name: lapse
UPDATE decision SET state = 'lapsed', lapsed_at = $2, lapsed_why = $3 WHERE decision_no = $1 AND state = 'asked';

-- name: lapse_expired (of this exception; or, of no exception, the same as is asked now)
UPDATE decision SET state = 'lapsed', lapsed_at = $1, lapsed_why = 'expired'
WHERE state = 'asked' AND expires_at <= $1 AND (exception_no = $2 OR $2 IS NULL AND act = $3 AND digest = $4);
