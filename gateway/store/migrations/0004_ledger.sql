-- The ledger: double entry, append-only, zero in every transaction; and the role under which the gateway works, which
-- cannot change what is written here.

CREATE TABLE ledger_transaction (
    transaction_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid            xid8        NOT NULL DEFAULT pg_current_xact_id(),  -- the database transaction that recorded the fact
    at             timestamptz NOT NULL,
    what           text        NOT NULL,
    statement_no   bigint REFERENCES statement,
    submission_no  bigint REFERENCES submission,
    exception_no   bigint REFERENCES exception,
    evidence       jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX ledger_transaction_of_statement ON ledger_transaction (statement_no) WHERE statement_no IS NOT NULL;

CREATE TABLE ledger_posting (
    transaction_no bigint   NOT NULL REFERENCES ledger_transaction,
    line           smallint NOT NULL CHECK (line > 0),
    bank           text     NOT NULL,
    currency       text     NOT NULL,
    debtor_account text     NOT NULL,
    account        text     NOT NULL CHECK (account IN
        ('control', 'in flight', 'unknown', 'paid', 'returned', 'charges', 'suspense')),
    amount_minor   bigint   NOT NULL CHECK (amount_minor <> 0),  -- debit positive, credit negative
    payments       bigint   NOT NULL,                   -- how many payments the amount is of, with its sign
    PRIMARY KEY (transaction_no, line)
);

-- What stands in suspense, entry by entry: a list of work beside the ledger. The suspense account is these and what was
-- written off.
CREATE TABLE suspense_item (
    item_no        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_no     bigint   NOT NULL,                   -- the entry as it was read
    ordinal        integer  NOT NULL,
    rest           boolean  NOT NULL DEFAULT false,     -- what the details of an entry leave of its amount; ordinal: its first
    statement_no   bigint   NOT NULL REFERENCES statement,
    bank           text     NOT NULL,
    currency       text     NOT NULL,
    debtor_account text     NOT NULL,
    amount_minor   bigint   NOT NULL CHECK (amount_minor <> 0),  -- as posted to suspense: debit positive
    payments       bigint   NOT NULL,
    why            text     NOT NULL,
    exception_no   bigint REFERENCES exception,
    put_by         bigint   NOT NULL REFERENCES ledger_transaction,
    cleared_by     bigint REFERENCES ledger_transaction,
    UNIQUE (message_no, ordinal, rest),
    FOREIGN KEY (message_no, ordinal) REFERENCES observation
);
CREATE INDEX suspense_item_open ON suspense_item (bank, currency) WHERE cleared_by IS NULL;
CREATE INDEX suspense_item_of_exception ON suspense_item (exception_no) WHERE cleared_by IS NULL;

-- Append-only, whoever asks.
CREATE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: the ledger only grows; post a further transaction', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER ledger_transaction_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows();
CREATE TRIGGER ledger_posting_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows();

-- Judged at COMMIT: every transaction is zero for each bank account and currency, and nothing is added to one that has
-- been committed. Postings are aggregated, so this runs a few times a chunk, not once a payment.
CREATE FUNCTION ledger_is_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_posting p WHERE p.transaction_no = NEW.transaction_no
               GROUP BY p.bank, p.currency, p.debtor_account HAVING sum(p.amount_minor) <> 0)
       OR (SELECT t.xid FROM ledger_transaction t WHERE t.transaction_no = NEW.transaction_no) <> pg_current_xact_id() THEN
        RAISE EXCEPTION 'ledger transaction % is not zero, or committed before', NEW.transaction_no
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_transaction_is_zero AFTER INSERT ON ledger_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_is_zero();

-- ---------------------------------------------------------------------------------------------- the gateway's own role

-- Roles belong to the whole server: several databases may be prepared at once, and a login that may not make roles needs
-- one that was made for it (gateway/docs/ledger.md says how).
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_app') THEN
        CREATE ROLE gateway_app LOGIN;  -- without a password: what logs in is for the server's administrator to say
        GRANT gateway_app TO CURRENT_USER;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- somebody else made it at the same moment
END $$;

-- Rows, not structure: no TRUNCATE, no TRIGGER, no ownership. The moves a machine may make and the list of migrations are read only.
GRANT USAGE ON SCHEMA public TO gateway_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO gateway_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO gateway_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gateway_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO gateway_app;
REVOKE INSERT, UPDATE, DELETE ON migration, allowed_move FROM gateway_app;
REVOKE ALL ON ledger_transaction, ledger_posting FROM gateway_app;
GRANT SELECT, INSERT (at, what, statement_no, submission_no, exception_no, evidence) ON ledger_transaction TO gateway_app;
GRANT SELECT, INSERT ON ledger_posting TO gateway_app;
REVOKE UPDATE, DELETE ON suspense_item FROM gateway_app;
GRANT UPDATE (cleared_by) ON suspense_item TO gateway_app;
