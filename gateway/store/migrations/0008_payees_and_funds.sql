-- Representative payees, money over the counter, funds of the paying accounts, and limits against a wrong batch.

-- A mandate entitles somebody else than the entitled person to be paid; over the counter money waits in a window of days.
ALTER TABLE payment_order
    ADD COLUMN mandate_id    text,
    ADD COLUMN mandate_until date,   -- last day of the mandate; NULL: until it is revoked
    ADD COLUMN collect_from  date,   -- first day of the collection window
    ADD COLUMN collect_until date,   -- last day of it
    ADD CONSTRAINT mandate_named CHECK (mandate_until IS NULL OR mandate_id IS NOT NULL),
    ADD CONSTRAINT collection_window CHECK ((collect_from IS NULL) = (collect_until IS NULL) AND collect_from <= collect_until);

-- The queue of a paying account that lacks funds: while a row is open nothing of (bank, account, currency) is sealed or sent.
CREATE TABLE account_hold (
    hold_no        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank           text        NOT NULL,
    debtor_account text        NOT NULL,
    currency       text        NOT NULL,
    reason         text        NOT NULL,                -- the bank's code, or an operator's words
    message_no     bigint REFERENCES bank_message,      -- the evidence
    set_at         timestamptz NOT NULL,
    set_by         text        NOT NULL,
    released_at    timestamptz,
    released_by    text,
    CHECK ((released_at IS NULL) = (released_by IS NULL))
);
CREATE UNIQUE INDEX account_hold_active ON account_hold (bank, debtor_account, currency) WHERE released_at IS NULL;

CREATE FUNCTION account_held(of_bank text, of_account text, of_currency text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM account_hold h WHERE h.released_at IS NULL
        AND h.bank = of_bank AND h.debtor_account = of_account AND h.currency = of_currency)
$$;

-- What the intents of one day have let out under one configured limit; '*' as the configuration writes it.
CREATE TABLE limit_use (
    source     text,
    bank       text,
    currency   text,
    day        date,
    sent_minor bigint NOT NULL DEFAULT 0 CHECK (sent_minor >= 0),
    PRIMARY KEY (source, bank, currency, day)
);

-- What a submission on its way has taken of which limit, so that exactly this can be given back.
CREATE TABLE limit_taken (
    submission_no bigint REFERENCES submission,
    source        text,
    bank          text,
    currency      text,
    day           date   NOT NULL,
    sum_minor     bigint NOT NULL CHECK (sum_minor > 0),
    PRIMARY KEY (submission_no, source, bank, currency),
    FOREIGN KEY (source, bank, currency, day) REFERENCES limit_use
);

-- What is proved not sent has used nothing, whoever proved it. Rows of limit_use are locked in one order everywhere.
CREATE FUNCTION limit_given_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken limit_taken;
BEGIN
    FOR taken IN SELECT * FROM limit_taken t WHERE t.submission_no = NEW.submission_no ORDER BY t.source, t.bank LOOP
        UPDATE limit_use u SET sent_minor = u.sent_minor - taken.sum_minor
        WHERE u.source = taken.source AND u.bank = taken.bank AND u.currency = taken.currency AND u.day = taken.day;
    END LOOP;
    DELETE FROM limit_taken t WHERE t.submission_no = NEW.submission_no;
    RETURN NULL;
END $$;
CREATE TRIGGER submission_not_sent AFTER UPDATE OF state ON submission FOR EACH ROW
    WHEN (NEW.state = 'not sent' AND OLD.state <> 'not sent') EXECUTE FUNCTION limit_given_back();

-- A limit raised for one day by two people, written when the second one confirmed the decision.
CREATE TABLE limit_override (
    override_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decision_no   bigint      NOT NULL UNIQUE REFERENCES decision,
    source        text        NOT NULL,
    bank          text        NOT NULL,
    currency      text        NOT NULL,
    day           date        NOT NULL,
    limit_minor   bigint      NOT NULL CHECK (limit_minor > 0),
    asked_by      text        NOT NULL,
    confirmed_at  timestamptz NOT NULL,
    confirmed_by  text        NOT NULL,
    CONSTRAINT maker_is_not_checker CHECK (confirmed_by <> asked_by)
);
CREATE INDEX limit_override_of_day ON limit_override (source, bank, currency, day);
CREATE TRIGGER limit_override_only_added BEFORE UPDATE OR DELETE ON limit_override
    FOR EACH ROW EXECUTE FUNCTION only_added();

-- The highest sum that may leave under a limit on a day: as configured, or as raised.
CREATE FUNCTION limit_of_day(of_source text, of_bank text, of_currency text, of_day date, configured bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT greatest(configured, (SELECT max(o.limit_minor) FROM limit_override o
        WHERE (o.source, o.bank, o.currency, o.day) = (of_source, of_bank, of_currency, of_day)))
$$;

-- Few orders are paid over the counter: the watch over their windows reads only those.
CREATE INDEX payment_order_collected ON payment_order (collect_until) WHERE collect_until IS NOT NULL;
