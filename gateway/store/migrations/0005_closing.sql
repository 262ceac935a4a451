-- Closing attempts with proof, what follows from it, corrections, and banks that say nothing.

-- Attempts that a bank rejected, cancelled or gave back, until they are closed. The step that closes looks when it is
-- due; whatever changes of the attempt makes it due at once.
CREATE TABLE closing (
    attempt_no bigint PRIMARY KEY REFERENCES attempt,
    since      timestamptz,                             -- first looked at: the hours of the profile run from here
    look_at    timestamptz                              -- NULL: now
);
CREATE INDEX closing_due ON closing (look_at NULLS FIRST);

-- Facts come from several hands; none of them can forget to say so. 832: rejected, returned in a proved
-- statement, cancelled (domain/facts.py).
CREATE FUNCTION attempt_may_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO closing (attempt_no) VALUES (NEW.attempt_no) ON CONFLICT (attempt_no) DO UPDATE SET look_at = NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER attempt_may_close AFTER UPDATE OF facts, returned_minor ON attempt FOR EACH ROW
    WHEN (NOT NEW.closed AND NEW.facts & 832 <> 0) EXECUTE FUNCTION attempt_may_close();

CREATE FUNCTION members_may_close() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO closing (attempt_no)
    SELECT a.attempt_no FROM attempt a WHERE a.submission_no = NEW.submission_no AND NOT a.closed ORDER BY a.attempt_no
    ON CONFLICT (attempt_no) DO UPDATE SET look_at = NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER members_may_close AFTER UPDATE OF group_facts ON submission FOR EACH ROW
    WHEN (NEW.group_facts & 832 <> 0 AND OLD.group_facts <> NEW.group_facts) EXECUTE FUNCTION members_may_close();

-- What was presumed ends with the first fact that says more than that the bank took it in (1: accepted).
CREATE FUNCTION presumed_no_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.presumed := false;
    RETURN NEW;
END $$;
CREATE TRIGGER attempt_presumed BEFORE UPDATE OF facts ON attempt FOR EACH ROW
    WHEN (OLD.presumed AND OLD.facts & ~1 <> NEW.facts & ~1) EXECUTE FUNCTION presumed_no_more();

CREATE FUNCTION members_presumed_no_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE attempt SET presumed = false WHERE submission_no = NEW.submission_no AND presumed;
    RETURN NULL;
END $$;
CREATE TRIGGER members_presumed AFTER UPDATE OF group_facts ON submission FOR EACH ROW
    WHEN (NEW.presumed_at IS NOT NULL AND OLD.group_facts & ~1 <> NEW.group_facts & ~1)
    EXECUTE FUNCTION members_presumed_no_more();

-- Silence: a delivered submission is watched until its exception was raised or nothing of it is left to be heard.
ALTER TABLE submission ADD COLUMN heard_out boolean NOT NULL DEFAULT false;
CREATE INDEX submission_silent ON submission (bank, delivered_at) WHERE state = 'delivered' AND NOT heard_out;

-- Orders that are cut one more time, from that day on; a hold that is released is such a one (the cutter may have passed it).
CREATE INDEX payment_order_again ON payment_order (next_try_on) WHERE next_try_on IS NOT NULL;
CREATE FUNCTION released_from_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.next_try_on := '-infinity';
    RETURN NEW;
END $$;
CREATE TRIGGER order_released BEFORE UPDATE OF state ON payment_order FOR EACH ROW
    WHEN (OLD.state = 'held' AND NEW.state = 'payable' AND NEW.next_try_on IS NULL) EXECUTE FUNCTION released_from_hold();

-- Corrections: who had an entitlement before, and the orders of a batch that name one they replace.
CREATE INDEX payment_order_had ON payment_order (source, entitlement_id, period, sequence)
    WHERE NOT claims AND entitlement_id IS NOT NULL;
CREATE INDEX payment_order_correction ON payment_order (batch_no) WHERE replaces IS NOT NULL;
