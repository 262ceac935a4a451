-- Account statements (camt.053): the only accounting truth, one row a page, proved in chains.

-- The chain of statements of one account. Whoever judges it holds this row; `judge`: something arrived since.
CREATE TABLE statement_chain (
    chain_no bigint GENERATED ALWAYS AS IDENTITY UNIQUE,            -- names it where an account number must not stand
    bank     text,
    account  text,
    currency text,
    judge    boolean NOT NULL DEFAULT true,
    PRIMARY KEY (bank, account, currency)
);
CREATE INDEX statement_chain_to_judge ON statement_chain (bank, account, currency) WHERE judge;

CREATE TABLE statement (
    statement_no    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank            text    NOT NULL,
    message_no      bigint  NOT NULL REFERENCES bank_message,
    place           integer NOT NULL CHECK (place > 0),             -- of the Stmt in its message, as in observation.statement
    account         text    NOT NULL,
    currency        text    NOT NULL,
    statement_id    text,
    sequence        bigint,                                         -- ElctrncSeqNb, else LglSeqNb
    page            integer NOT NULL CHECK (page > 0),
    last_page       boolean NOT NULL,
    opening_minor   bigint,                                         -- signed; null where a page does not tell it
    closing_minor   bigint,
    opening_on      date,
    closing_on      date,
    entries_minor   bigint  NOT NULL,                               -- signed sum of the booked entries of the page
    entry_count     integer NOT NULL,                               -- how many those are
    digest          bytea   NOT NULL CHECK (octet_length(digest) = 32), -- of all that the page says of its entries
    state           text    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'proved', 'unbalanced', 'repeated')),
    waits_for       text    CHECK (waits_for IS NULL OR state = 'waiting'),
    failure         text,                                           -- the rule that an unbalanced statement breaks
    link            bigint,                                         -- place in its chain; its pages share it
    begins          boolean NOT NULL DEFAULT false,                 -- first of its chain: its opening is taken as given
    proved_at       timestamptz,
    settled_through integer NOT NULL DEFAULT 0,
    settled         boolean NOT NULL DEFAULT false,
    UNIQUE (message_no, place),
    FOREIGN KEY (bank, account, currency) REFERENCES statement_chain,
    CHECK ((state = 'unbalanced') = (failure IS NOT NULL)),
    CHECK ((state = 'proved') = (link IS NOT NULL)),
    CHECK ((state = 'proved') = (proved_at IS NOT NULL)),
    CHECK (state = 'proved' OR NOT (begins OR settled OR settled_through > 0))
);
-- One page of one statement is proved once; a link of a chain is one statement.
CREATE UNIQUE INDEX statement_link ON statement (bank, account, currency, link, page) WHERE state = 'proved';
CREATE INDEX statement_waiting ON statement (bank, account, currency) WHERE state = 'waiting';
CREATE INDEX statement_to_settle ON statement (statement_no) WHERE state = 'proved' AND NOT settled;
CREATE INDEX statement_of_account ON statement (bank, account, currency, sequence, statement_id);
INSERT INTO allowed_move VALUES
    ('statement', 'waiting', 'proved'), ('statement', 'waiting', 'unbalanced');
CREATE TRIGGER statement_moves BEFORE UPDATE OF state ON statement FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_move('statement');

-- Signed amount of the whole Ntry that an observation of a statement belongs to. The observations of one entry add up to it
-- unless its details are in another currency, lack amounts or are fewer than the bank says.
ALTER TABLE observation ADD COLUMN entry_minor bigint;
