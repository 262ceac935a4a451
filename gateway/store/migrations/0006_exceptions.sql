-- Exceptions have a life, and what moves money by hand is decided by two people.

ALTER TABLE exception
    ADD COLUMN state          text NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'assigned', 'waiting for a second person', 'closed')),
    ADD COLUMN role           text NOT NULL DEFAULT 'operations',     -- whose work it is until somebody takes it
    ADD COLUMN owner          text,                                   -- person id
    ADD COLUMN due_at         timestamptz,
    ADD COLUMN ordinal        integer,                                -- the observation of message_no it is about
    ADD COLUMN amount_minor   bigint,
    ADD COLUMN currency       text,
    ADD COLUMN suggestion     text NOT NULL DEFAULT 'comment',        -- an act
    ADD COLUMN suggestion_why text NOT NULL DEFAULT '',
    ADD COLUMN evidence       jsonb NOT NULL DEFAULT '[]',            -- references beyond the columns; never personal data
    ADD COLUMN closed_by      text,
    ADD COLUMN closed_how     text;
UPDATE exception SET state = 'closed', closed_by = 'machine', closed_how = 'evidence' WHERE closed_at IS NOT NULL;
ALTER TABLE exception
    ADD CONSTRAINT exception_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    ADD CONSTRAINT exception_closed_by CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
    ADD CONSTRAINT exception_closed_how CHECK ((closed_at IS NULL) = (closed_how IS NULL)),
    ADD CONSTRAINT exception_assigned CHECK (state <> 'assigned' OR owner IS NOT NULL),
    ADD CONSTRAINT exception_money CHECK ((amount_minor IS NULL) = (currency IS NULL));
CREATE INDEX exception_working ON exception (exception_no) WHERE state <> 'closed';
CREATE INDEX exception_of_submission ON exception (submission_no) WHERE state <> 'closed';
CREATE INDEX exception_of_order ON exception (order_no) WHERE state <> 'closed';

-- One row a decision of two people: what is asked, who asked, who decided.
CREATE TABLE decision (
    decision_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exception_no bigint REFERENCES exception,                          -- NULL: about something that is no exception
    act          text        NOT NULL,
    subject      jsonb       NOT NULL,                                 -- what is wanted and what the asker saw
    digest       bytea       NOT NULL CHECK (octet_length(digest) = 32),  -- SHA-256 over act and subject, canonical JSON
    state        text        NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'confirmed', 'refused', 'lapsed')),
    asked_by     text        NOT NULL,
    asked_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    confirmed_by text,
    confirmed_at timestamptz,
    refused_by   text,
    refused_at   timestamptz,
    lapsed_at    timestamptz,
    lapsed_why   text,
    CONSTRAINT maker_is_not_checker CHECK (confirmed_by <> asked_by),
    CONSTRAINT decision_confirmed CHECK ((state = 'confirmed') = (confirmed_by IS NOT NULL)
        AND (confirmed_by IS NULL) = (confirmed_at IS NULL)),
    CONSTRAINT decision_refused CHECK ((state = 'refused') = (refused_by IS NOT NULL)
        AND (refused_by IS NULL) = (refused_at IS NULL)),
    CONSTRAINT decision_lapsed CHECK ((state = 'lapsed') = (lapsed_at IS NOT NULL)
        AND (lapsed_at IS NULL) = (lapsed_why IS NULL)),
    CONSTRAINT decision_in_time CHECK (confirmed_at IS NULL OR confirmed_at < expires_at)
);
CREATE UNIQUE INDEX decision_of_exception ON decision (exception_no) WHERE state = 'asked';
CREATE UNIQUE INDEX decision_asked ON decision (act, digest) WHERE state = 'asked';

-- The history of an exception: every act on it. Comments are words of people and never leave this table for a log.
CREATE TABLE exception_event (
    exception_no bigint REFERENCES exception,
    event_no     integer,
    act          text        NOT NULL,
    by           text        NOT NULL,
    at           timestamptz NOT NULL,
    comment      text        NOT NULL DEFAULT '',
    detail       jsonb       NOT NULL DEFAULT '{}',
    decision_no  bigint REFERENCES decision,
    PRIMARY KEY (exception_no, event_no)
);

CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER exception_event_only_added BEFORE UPDATE OR DELETE ON exception_event
    FOR EACH ROW EXECUTE FUNCTION only_added();
CREATE TRIGGER decision_kept BEFORE DELETE ON decision FOR EACH ROW EXECUTE FUNCTION only_added();

-- What was asked never changes, and what was decided is decided.
CREATE FUNCTION decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decision % is %', OLD.decision_no, OLD.state USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER decision_once BEFORE UPDATE ON decision FOR EACH ROW
    WHEN (OLD.state <> 'asked' OR (OLD.exception_no, OLD.act, OLD.subject, OLD.digest, OLD.asked_by, OLD.asked_at, OLD.expires_at)
          IS DISTINCT FROM (NEW.exception_no, NEW.act, NEW.subject, NEW.digest, NEW.asked_by, NEW.asked_at, NEW.expires_at))
    EXECUTE FUNCTION decided_once();
CREATE TRIGGER exception_stays_closed BEFORE UPDATE OF state ON exception FOR EACH ROW
    WHEN (OLD.state = 'closed' AND NEW.state <> 'closed') EXECUTE FUNCTION only_added();

-- The gateway's own role adds to histories; it never changes or takes away.
REVOKE UPDATE, DELETE ON exception_event FROM gateway_app;
REVOKE DELETE ON decision FROM gateway_app;

-- An exception beside what it is about. `source` is NULL where it belongs to no order or submission of a source.
CREATE VIEW exception_case AS
SELECT e.exception_no, e.kind, e.key, e.state, e.role, e.owner, e.bank, coalesce(o.source, b.source) AS source,
       o.order_no, o.order_id, e.attempt_no, a.end_to_end_id, e.submission_no, s.msg_id, e.message_no, e.ordinal,
       e.amount_minor, e.currency, e.suggestion, e.suggestion_why, e.detail, e.evidence,
       e.opened_at, e.due_at, e.closed_at, e.closed_by, e.closed_how
FROM exception e
LEFT JOIN attempt a ON a.attempt_no = e.attempt_no
LEFT JOIN payment_order o ON o.order_no = coalesce(e.order_no, a.order_no)
LEFT JOIN submission s ON s.submission_no = e.submission_no
LEFT JOIN batch b ON b.batch_no = s.batch_no;
