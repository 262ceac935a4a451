-- Alarms about what was never sent: as long as one is open, nothing that it may be about leaves.

-- Attempts of which a bank knows although they were never sent, as long as nobody has closed that alarm: named, or once members
-- of a submission that was, beside whichever payment of it. A lane that is resumed says nothing of them.
CREATE OR REPLACE FUNCTION alarming() RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT e.attempt_no FROM exception e
    WHERE e.kind = 'names what was never sent' AND e.state <> 'closed' AND e.attempt_no IS NOT NULL
    UNION
    SELECT m.attempt_no FROM exception e JOIN former_member m ON m.submission_no = e.submission_no
    WHERE e.kind = 'names what was never sent' AND e.state <> 'closed'
$$;

-- Submissions that such an alarm is about: named, or holding one of these attempts. What of them has not left stays.
CREATE FUNCTION alarmed() RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT e.submission_no FROM exception e
    WHERE e.kind = 'names what was never sent' AND e.state <> 'closed' AND e.submission_no IS NOT NULL
    UNION
    SELECT a.submission_no FROM alarming() AS n JOIN attempt a ON a.attempt_no = n WHERE a.submission_no IS NOT NULL
$$;

-- Whether such an alarm is about an attempt: named, or in a submission that was, also if it was closed there.
CREATE FUNCTION doubted(a attempt) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT a.attempt_no IN (SELECT n FROM alarming() AS n) OR EXISTS (
        SELECT FROM exception e
        WHERE e.kind = 'names what was never sent' AND e.state <> 'closed' AND e.submission_no = a.submission_no)
$$;
