-- Lanes at run time: the pace a bank wants, its ramp, and payments that may look for another bank.

-- When the next submission may go out on a lane that keeps a pace; NULL: now. Taken in the intent transaction.
ALTER TABLE lane ADD COLUMN paced_until timestamptz;

-- Until when the bank asked us to come with nothing (Retry-After); NULL: it never did, or somebody lifted it. Who lifted such
-- a wait last: workers forget what they heard before.
ALTER TABLE lane ADD COLUMN asked_until timestamptz, ADD COLUMN lifted_at timestamptz, ADD COLUMN lifted_by text;

-- Tries that were promised and never begun, because the bank asked us to wait meanwhile: they use up none.
ALTER TABLE submission ADD COLUMN waited smallint NOT NULL DEFAULT 0;

-- Who is about to try a submission, by the number of the intent to come: its mark is left at the bank while no transaction
-- is open, and nobody else leaves one until the claim has ended.
ALTER TABLE submission ADD COLUMN claim bigint, ADD COLUMN claimed_until timestamptz;

-- The ramp of a live bank: which payments were put into its submissions on a calendar day (UTC), each once a day. Written
-- in the transaction that cuts, under the lane's lock; banks without a ramp have no rows.
CREATE TABLE ramp_use (
    bank       text     REFERENCES lane,
    day        date,
    order_no   bigint   REFERENCES payment_order,
    generation smallint,
    PRIMARY KEY (bank, day, order_no, generation)
);

-- What void and dissolved submissions held when they ended: it is cut again or goes another way, yet a bank may still speak of
-- such a submission as a whole.
CREATE TABLE former_member (
    submission_no bigint REFERENCES submission,
    attempt_no    bigint REFERENCES attempt,
    PRIMARY KEY (submission_no, attempt_no)
);
CREATE INDEX former_member_attempt ON former_member (attempt_no);
CREATE TRIGGER former_member_kept BEFORE UPDATE OR DELETE ON former_member
    FOR EACH ROW EXECUTE FUNCTION only_added();
REVOKE UPDATE, DELETE ON former_member FROM gateway_app;

-- Attempts whose submission was void because its tries were used up: proved not sent, to a bank that could not be reached.
-- Their orders may go another way; once that was looked at, what is left is cut again for its own bank.
CREATE TABLE gave_up (
    attempt_no    bigint PRIMARY KEY REFERENCES attempt,
    submission_no bigint  NOT NULL REFERENCES submission,
    looked_at     boolean NOT NULL DEFAULT false
);
CREATE INDEX gave_up_to_look_at ON gave_up (attempt_no) WHERE NOT looked_at;

-- What waits for its bank is not looked at for the sake of the others.
CREATE INDEX attempt_loose_of_bank ON attempt (bank) WHERE submission_no IS NULL AND NOT closed;

-- Attempts of which a bank knows although they were never sent, as long as nobody has closed that alarm: named, or once members
-- of a submission that was. A lane that is resumed says nothing of them.
CREATE INDEX exception_unsent ON exception (exception_no) WHERE kind = 'names what was never sent' AND state <> 'closed';
CREATE FUNCTION alarming() RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(e.attempt_no, m.attempt_no) FROM exception e LEFT JOIN former_member m ON m.submission_no = e.submission_no
    WHERE e.kind = 'names what was never sent' AND e.state <> 'closed' AND coalesce(e.attempt_no, m.attempt_no) IS NOT NULL
$$;

-- Attempts in no submission that may be put into one: their bank pays, its ramp has room today or counts them already, no
-- other way is looked for, and no alarm about them is open. One whose last day has passed is cut as well, to be held, unless it waits for a ramp.
CREATE FUNCTION may_be_cut(of_today date, paying text[], full_today text[], of_day date) RETURNS SETOF attempt
LANGUAGE sql STABLE AS $$
    SELECT a.* FROM lane l JOIN attempt a ON a.bank = l.bank AND a.submission_no IS NULL AND NOT a.closed
    JOIN payment_order o ON o.order_no = a.order_no
    WHERE l.bank <> ALL (full_today) AND a.attempt_no NOT IN (SELECT n FROM alarming() AS n)
      AND (least(o.valid_until, o.mandate_until, o.collect_until) < of_today
           OR (l.bank = ANY (paying) AND NOT EXISTS (SELECT FROM gave_up g WHERE g.attempt_no = a.attempt_no AND NOT g.looked_at)))
    UNION ALL
    SELECT a.* FROM ramp_use u
    JOIN attempt a ON a.order_no = u.order_no AND a.generation = u.generation AND a.submission_no IS NULL AND NOT a.closed
    WHERE u.bank = ANY (full_today) AND u.bank = ANY (paying) AND u.day = of_day AND a.bank = u.bank
      AND a.attempt_no NOT IN (SELECT n FROM alarming() AS n)
      AND NOT EXISTS (SELECT FROM gave_up g WHERE g.attempt_no = a.attempt_no AND NOT g.looked_at)
$$;

-- Whether an attempt may be closed in favour of one through another bank. It is in no submission, so every one it was in is
-- void or dissolved and nothing of it can arrive; no bank has said anything of it; its lane is not paused (an alarm about a
-- void submission pauses it). And its bank is suspended, while another one that was not tried pays to such accounts, or
-- its submission was given up.
CREATE FUNCTION may_go_another_way(
    a attempt, o payment_order, suspended text[], by_bank text[], to_country text[], in_currency text[], of_type text[])
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT a.submission_no IS NULL AND NOT a.closed AND a.facts = 0 AND o.state = 'payable' AND a.generation < 99
        AND NOT paused(a.bank, o.source)
        AND (EXISTS (SELECT FROM gave_up g WHERE g.attempt_no = a.attempt_no AND NOT g.looked_at)
            OR (a.bank = ANY (suspended) AND EXISTS (
                SELECT FROM unnest(by_bank, to_country, in_currency, of_type) AS r (bank, country, currency, account_type)
                WHERE (r.country, r.currency, r.account_type) = (left(o.account, 2), o.currency, o.account_type)
                  AND NOT EXISTS (SELECT FROM attempt t WHERE t.order_no = o.order_no AND t.bank = r.bank))))
$$;
