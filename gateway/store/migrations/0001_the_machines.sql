-- Everything that must be unique, guarded or impossible is said here once, from the first day.
-- Times and dates come in as parameters: nothing below calls now().

CREATE TABLE installation (
    single_row    boolean PRIMARY KEY DEFAULT true CHECK (single_row),
    restore_epoch smallint NOT NULL DEFAULT 1 CHECK (restore_epoch BETWEEN 1 AND 99)
);
INSERT INTO installation DEFAULT VALUES;

-- The moves of gateway/domain/states.py; a test compares the two.
CREATE TABLE allowed_move (
    machine    text,
    from_state text,
    to_state   text,
    PRIMARY KEY (machine, from_state, to_state)
);
INSERT INTO allowed_move VALUES
    ('batch', 'open', 'closed'), ('batch', 'closed', 'released'), ('batch', 'closed', 'withdrawn'),
    ('order', 'received', 'refused'), ('order', 'received', 'held'), ('order', 'received', 'payable'),
    ('order', 'held', 'payable'), ('order', 'held', 'refused'), ('order', 'held', 'cancelled'),
    ('order', 'payable', 'held'), ('order', 'payable', 'cancelled'), ('order', 'payable', 'given back'),
    ('order', 'cancelled', 'replaced'), ('order', 'given back', 'replaced'),
    ('submission', 'open', 'sealed'), ('submission', 'open', 'dissolved'),
    ('submission', 'sealed', 'sending'), ('submission', 'sealed', 'void'),
    ('submission', 'sending', 'delivered'), ('submission', 'sending', 'not sent'), ('submission', 'sending', 'unknown'),
    ('submission', 'unknown', 'delivered'), ('submission', 'unknown', 'not sent'),
    ('submission', 'not sent', 'sending'), ('submission', 'not sent', 'void'),
    ('recall', 'proposed', 'asked'), ('recall', 'asked', 'returned'), ('recall', 'asked', 'refused'),
    ('recall', 'proposed', 'expired'), ('recall', 'asked', 'expired'),
    ('stop', 'active', 'lifted');

CREATE FUNCTION check_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM allowed_move m
                   WHERE m.machine = TG_ARGV[0] AND m.from_state = OLD.state AND m.to_state = NEW.state) THEN
        RAISE EXCEPTION 'a % never moves from % to %', TG_ARGV[0], OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- ---------------------------------------------------------------------------------------------- intake and approval

CREATE TABLE batch (
    batch_no            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source              text        NOT NULL,
    batch_id            text        NOT NULL,
    programme           text        NOT NULL,
    pay_date            date        NOT NULL,
    state               text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'released', 'withdrawn')),
    opened_at           timestamptz NOT NULL,
    opened_by           text        NOT NULL,
    closed_at           timestamptz,
    closed_by           text,
    ended_at            timestamptz,                    -- released or withdrawn
    ended_by            text,
    order_count         integer,                        -- stored lines, counted at close
    totals              jsonb,                          -- currency -> minor units of readable amounts, at close
    manifest            bytea,                          -- exact bytes that were signed
    manifest_signature  text,                           -- detached JWS
    manifest_expires_at timestamptz,
    cut_through         text COLLATE "C" NOT NULL DEFAULT '',
    cut_done            boolean     NOT NULL DEFAULT false,
    UNIQUE (source, batch_id),
    CHECK ((state = 'open') = (closed_at IS NULL)),
    CHECK ((state = 'released') = (manifest IS NOT NULL)),
    CHECK ((manifest IS NULL) = (manifest_signature IS NULL))
);
CREATE INDEX batch_to_cut ON batch (batch_no) WHERE state = 'released' AND NOT cut_done;
CREATE TRIGGER batch_moves BEFORE UPDATE OF state ON batch FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_move('batch');

-- 1,024 orders of a released batch, sorted by order id, with the digest that the manifest signs.
CREATE TABLE manifest_chunk (
    batch_no       bigint REFERENCES batch,
    chunk_no       integer,
    first_order_id text COLLATE "C" NOT NULL,
    last_order_id  text COLLATE "C" NOT NULL,
    digest         bytea NOT NULL CHECK (octet_length(digest) = 32),
    PRIMARY KEY (batch_no, chunk_no)
);

CREATE TABLE payment_order (
    order_no       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_no       bigint      NOT NULL REFERENCES batch,
    source         text        NOT NULL,
    order_id       text COLLATE "C" NOT NULL,
    digest         bytea       NOT NULL CHECK (octet_length(digest) = 32),
    document       bytea       NOT NULL,                -- RFC 8785 canonical JSON as pushed
    state          text        NOT NULL CHECK (state IN ('refused', 'held', 'payable', 'cancelled', 'given back', 'replaced')),
    reason         text,                                -- stable code: why it is held, cancelled or given back
    violations     jsonb,                               -- every broken rule of a refused order
    benefit        text,
    entitlement_id text,
    period         text,
    sequence       smallint,
    amount_minor   bigint CHECK (amount_minor > 0),     -- NULL where the pushed amount is not readable money
    currency       text,
    account_type   text CHECK (account_type IN ('IBAN', 'DOMESTIC', 'COUNTER')),
    account        text,
    person_keys    text[]      NOT NULL DEFAULT '{}',
    valid_until    date,
    approved_at    timestamptz,
    received_at    timestamptz NOT NULL,
    claims         boolean     NOT NULL,                -- holds (source, entitlement, period, sequence)
    outcome_no     integer     NOT NULL DEFAULT 0,
    outcome        text,
    UNIQUE (source, order_id),
    CHECK ((state = 'refused') = (violations IS NOT NULL)),
    CHECK (state <> 'payable' OR claims),
    CHECK (state NOT IN ('refused', 'cancelled', 'given back', 'replaced') OR NOT claims),
    CHECK (state = 'refused' OR (benefit IS NOT NULL AND entitlement_id IS NOT NULL AND period IS NOT NULL
        AND sequence IS NOT NULL AND amount_minor IS NOT NULL AND currency IS NOT NULL AND account IS NOT NULL
        AND account_type IS NOT NULL AND valid_until IS NOT NULL AND approved_at IS NOT NULL))
) WITH (fillfactor = 50);  -- each order is told of at least once: half a page keeps those updates off the indexes
CREATE UNIQUE INDEX payment_order_claim ON payment_order (source, entitlement_id, period, sequence) WHERE claims;
CREATE UNIQUE INDEX payment_order_in_batch ON payment_order (batch_no, order_id);
CREATE TRIGGER order_moves BEFORE UPDATE OF state ON payment_order FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_move('order');

-- Identifiers that one order of the source carried together belong to one person.
CREATE TABLE person_link (
    source text,
    low    text,
    high   text,
    PRIMARY KEY (source, low, high),
    CHECK (low < high)
);
CREATE INDEX person_link_back ON person_link (source, high, low);

-- ------------------------------------------------------------------------------------------------ stops and pauses

CREATE TABLE stop (
    stop_no         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text        NOT NULL CHECK (kind IN ('person', 'account', 'order', 'benefit', 'source', 'bank')),
    source          text        NOT NULL,               -- '*': every source (operators only)
    value           text        NOT NULL,               -- identifier key, account key, order id, benefit code, source or bank
    reason          text        NOT NULL,
    state           text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'lifted')),
    set_at          timestamptz NOT NULL,
    set_by          text        NOT NULL,
    lift_asked_at   timestamptz,
    lift_asked_by   text,
    lifted_at       timestamptz,
    lifted_by       text,
    swept           boolean     NOT NULL DEFAULT false,  -- recalls proposed for what had already left
    CHECK ((state = 'lifted') = (lifted_by IS NOT NULL)),
    CHECK (lifted_by IS NULL OR lift_asked_by IS NOT NULL AND lifted_by <> lift_asked_by)
);
CREATE INDEX stop_unswept ON stop (stop_no) WHERE NOT swept;
CREATE UNIQUE INDEX stop_active ON stop (source, kind, value, reason) WHERE state = 'active';
CREATE TRIGGER stop_moves BEFORE UPDATE OF state ON stop FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_move('stop');

CREATE TABLE pause (
    pause_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope      text        NOT NULL CHECK (scope IN ('all', 'bank', 'source')),
    value      text        NOT NULL,                    -- '' for all
    reason     text        NOT NULL,
    set_at     timestamptz NOT NULL,
    set_by     text        NOT NULL,
    resumed_at timestamptz,
    resumed_by text,
    CHECK ((scope = 'all') = (value = '')),
    CHECK ((resumed_at IS NULL) = (resumed_by IS NULL))
);
CREATE UNIQUE INDEX pause_active ON pause (scope, value) WHERE resumed_at IS NULL;

-- ------------------------------------------------------------------------------------------------------- sending

-- One row a bank: its circuit breaker and the sequence its message ids are made from.
CREATE TABLE lane (
    bank          text PRIMARY KEY,
    last_sequence bigint      NOT NULL DEFAULT 0 CHECK (last_sequence BETWEEN 0 AND 999999999),
    breaker       text        NOT NULL DEFAULT 'closed' CHECK (breaker IN ('closed', 'open')),
    failures      integer     NOT NULL DEFAULT 0 CHECK (failures >= 0),
    probe_at      timestamptz,
    CHECK ((breaker = 'open') = (probe_at IS NOT NULL))
);

CREATE TABLE submission (
    submission_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank            text        NOT NULL REFERENCES lane,
    batch_no        bigint      NOT NULL REFERENCES batch,
    product         text        NOT NULL,
    pay_date        date        NOT NULL,               -- requested execution date
    debtor_account  text        NOT NULL,
    currency        text        NOT NULL,
    sequence        bigint      NOT NULL,
    state           text        NOT NULL DEFAULT 'open' CHECK (state IN
        ('open', 'sealed', 'sending', 'delivered', 'not sent', 'unknown', 'void', 'dissolved')),
    group_facts     integer     NOT NULL DEFAULT 0,
    group_reason    text,
    sum_booked      boolean     NOT NULL,               -- the bank may book this submission as one sum
    settled         boolean     NOT NULL DEFAULT false, -- that sum was booked
    msg_id          text COLLATE "C" NOT NULL,
    name            text        NOT NULL,               -- file name, or idempotency key
    payment_count   integer     NOT NULL CHECK (payment_count >= 0),
    sum_minor       bigint      NOT NULL CHECK (sum_minor >= 0),
    sealed_at       timestamptz,
    sha256          bytea CHECK (octet_length(sha256) = 32),
    payments_digest bytea CHECK (octet_length(payments_digest) = 32),
    size            bigint,
    tries           smallint    NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,                        -- not before: next send or next inquiry
    says_unknown    smallint    NOT NULL DEFAULT 0,     -- authoritative read-backs that did not know it
    UNIQUE (bank, msg_id),
    UNIQUE (bank, name),
    UNIQUE (bank, product, pay_date, debtor_account, sequence),
    CHECK (state IN ('open', 'dissolved') OR (sealed_at IS NOT NULL AND sha256 IS NOT NULL
        AND payments_digest IS NOT NULL AND size IS NOT NULL AND payment_count > 0))
) WITH (fillfactor = 80);
-- A request of an API bank says nothing of its submission: sealed again after a void, it is the same bytes (adr/0005).
CREATE UNIQUE INDEX submission_digest ON submission (bank, sha256) WHERE state <> 'void';
CREATE INDEX submission_working ON submission (bank, state, next_attempt_at)
    WHERE state IN ('open', 'sealed', 'sending', 'not sent', 'unknown');
CREATE INDEX submission_of_batch ON submission (batch_no);
-- Fixed-amount benefits make equal sums the norm; a bank that books sums must never be able to mean two of them.
CREATE UNIQUE INDEX submission_distinguishable ON submission (bank, debtor_account, pay_date, payment_count, sum_minor)
    WHERE sum_booked AND NOT settled AND state NOT IN ('void', 'dissolved');
CREATE TRIGGER submission_moves BEFORE UPDATE OF state ON submission FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_move('submission');

CREATE FUNCTION sealed_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'submission % is sealed: its bytes, ids and sums never change', OLD.submission_no USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER submission_sealed BEFORE UPDATE ON submission FOR EACH ROW
    WHEN (OLD.sha256 IS NOT NULL AND (OLD.sha256, OLD.payments_digest, OLD.payment_count, OLD.sum_minor, OLD.msg_id, OLD.name, OLD.sealed_at)
          IS DISTINCT FROM (NEW.sha256, NEW.payments_digest, NEW.payment_count, NEW.sum_minor, NEW.msg_id, NEW.name, NEW.sealed_at))
    EXECUTE FUNCTION sealed_is_sealed();

CREATE TABLE submission_bytes (
    submission_no bigint REFERENCES submission,
    piece_no      integer,
    piece         bytea NOT NULL CHECK (octet_length(piece) <= 1048576),
    PRIMARY KEY (submission_no, piece_no)
);

CREATE TABLE submission_event (
    submission_no bigint REFERENCES submission,
    event_no      integer,
    from_state    text,
    to_state      text        NOT NULL,
    why           text        NOT NULL,
    at            timestamptz NOT NULL,
    actor         text        NOT NULL,
    evidence      jsonb       NOT NULL DEFAULT '{}',
    PRIMARY KEY (submission_no, event_no)
);

-- The promise to touch the outside world, committed before it is touched.
CREATE TABLE intent (
    intent_no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- also the fencing epoch: it never goes back
    submission_no bigint      NOT NULL REFERENCES submission,
    number        smallint    NOT NULL CHECK (number > 0),
    worker        text        NOT NULL,
    committed_at  timestamptz NOT NULL,
    lease_until   timestamptz NOT NULL,
    outcome       text CHECK (outcome IN ('sent', 'not sent', 'unknown')),
    proved        boolean     NOT NULL DEFAULT false,   -- proved never to have arrived, or proved arrived
    evidence      jsonb,
    late_evidence jsonb,                                -- what a worker saw that had lost its lease
    UNIQUE (submission_no, number)
);
CREATE UNIQUE INDEX intent_live ON intent (submission_no) WHERE outcome IS NULL;
CREATE INDEX intent_lease ON intent (lease_until) WHERE outcome IS NULL;

CREATE TABLE attempt (
    attempt_no    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_no      bigint   NOT NULL REFERENCES payment_order,
    generation    smallint NOT NULL CHECK (generation BETWEEN 1 AND 99),
    bank          text     NOT NULL REFERENCES lane,
    route_reason  text     NOT NULL,
    submission_no bigint REFERENCES submission,         -- NULL: waits to be cut again
    end_to_end_id text COLLATE "C" NOT NULL UNIQUE,
    uetr          uuid     NOT NULL UNIQUE,
    amount_minor  bigint   NOT NULL CHECK (amount_minor > 0),
    currency      text     NOT NULL,
    facts         integer  NOT NULL DEFAULT 0,
    reason        text,                                 -- code of the rejection or return
    entry_ref     text,                                 -- the bank's reference of the booking
    closed        boolean  NOT NULL DEFAULT false,
    closed_proof  jsonb,
    UNIQUE (order_no, generation),
    CHECK (closed = (closed_proof IS NOT NULL))
) WITH (fillfactor = 50);  -- each attempt gets facts, a whole submission in one transaction: see adr/0004
CREATE UNIQUE INDEX attempt_live ON attempt (order_no) WHERE NOT closed;
CREATE INDEX attempt_of_submission ON attempt (submission_no);
CREATE INDEX attempt_loose ON attempt (attempt_no) WHERE submission_no IS NULL AND NOT closed;

CREATE FUNCTION facts_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'facts only grow' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER attempt_facts BEFORE UPDATE OF facts ON attempt FOR EACH ROW
    WHEN (OLD.facts & ~NEW.facts <> 0) EXECUTE FUNCTION facts_only_grow();
CREATE TRIGGER submission_facts BEFORE UPDATE OF group_facts ON submission FOR EACH ROW
    WHEN (OLD.group_facts & ~NEW.group_facts <> 0) EXECUTE FUNCTION facts_only_grow();
CREATE TRIGGER attempt_closed BEFORE UPDATE OF closed ON attempt FOR EACH ROW
    WHEN (OLD.closed AND NOT NEW.closed) EXECUTE FUNCTION facts_only_grow();

CREATE TABLE recall (
    recall_no   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_no  bigint      NOT NULL UNIQUE REFERENCES attempt,  -- one recall a payment (2025 rulebook)
    stop_no     bigint REFERENCES stop,
    state       text        NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'asked', 'returned', 'refused', 'expired')),
    reason      text        NOT NULL,
    proposed_at timestamptz NOT NULL
);
CREATE TRIGGER recall_moves BEFORE UPDATE OF state ON recall FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_move('recall');

-- ------------------------------------------------------------------------------------------------------- hearing

CREATE TABLE bank_message (
    message_no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank           text        NOT NULL,                -- authenticated at the door; the only bank it speaks for
    digest         bytea       NOT NULL CHECK (octet_length(digest) = 32),
    size           bigint      NOT NULL,
    channel        text        NOT NULL,
    origin         jsonb       NOT NULL,                -- where it was heard and how that was authenticated
    received_at    timestamptz NOT NULL,
    state          text        NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'read', 'applied', 'unreadable')),
    failure        text,                                -- rule and path of an unreadable message
    read_through   integer     NOT NULL DEFAULT 0,      -- observations stored so far
    applied_through integer    NOT NULL DEFAULT 0,
    leased_by      text,
    lease_until    timestamptz,
    UNIQUE (bank, digest),
    CHECK ((state = 'unreadable') = (failure IS NOT NULL))
);
CREATE INDEX bank_message_working ON bank_message (state, message_no) WHERE state IN ('received', 'read');

CREATE TABLE bank_message_bytes (
    message_no bigint REFERENCES bank_message,
    piece_no   integer,
    piece      bytea NOT NULL CHECK (octet_length(piece) <= 1048576),
    PRIMARY KEY (message_no, piece_no)
);

-- Records that never became a message of a bank: unsigned, unknown bank, wrong digest.
CREATE TABLE dead_letter (
    dead_letter_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incarnation    text        NOT NULL,
    topic          text        NOT NULL,
    partition      integer     NOT NULL,
    "offset"       bigint      NOT NULL,
    rule           text        NOT NULL,
    value          bytea       NOT NULL,
    headers        jsonb       NOT NULL,
    received_at    timestamptz NOT NULL,
    UNIQUE (incarnation, topic, partition, "offset")
);

CREATE TABLE observation (
    message_no    bigint  REFERENCES bank_message,
    ordinal       integer,
    kind          text    NOT NULL,
    path          text    NOT NULL,
    msg_id        text COLLATE "C",
    pmt_inf_id    text COLLATE "C",
    instr_id      text COLLATE "C",
    end_to_end_id text COLLATE "C",
    uetr          uuid,
    status        text,
    reason        text,
    reason_text   text,
    account       text,
    amount_minor  bigint,
    currency      text,
    credit        boolean,
    booked        boolean,
    batch_count   integer,
    entry_ref     text,
    booking_date  date,
    charged       boolean NOT NULL DEFAULT false,
    submission_no bigint,
    attempt_no    bigint,
    verdict       text,                                 -- how it was matched, or why it touched nothing
    PRIMARY KEY (message_no, ordinal)
);
CREATE INDEX observation_booked ON observation (submission_no) WHERE submission_no IS NOT NULL AND kind IN ('entry', 'batch entry', 'return entry');

CREATE TABLE partition_lease (
    incarnation text,
    topic       text,
    partition   integer,
    owner       text,
    epoch       bigint      NOT NULL DEFAULT 0,
    lease_until timestamptz,
    next_offset bigint      NOT NULL DEFAULT 0,
    failures    smallint    NOT NULL DEFAULT 0,         -- errors in a row at next_offset
    stopped     text,                                   -- why an operator is needed
    PRIMARY KEY (incarnation, topic, partition)
);

-- Workers that live: partitions are shared evenly among them.
CREATE TABLE worker (
    name       text PRIMARY KEY,
    seen_until timestamptz NOT NULL
);

CREATE TABLE exception (
    exception_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text        NOT NULL,
    key           text        NOT NULL,                 -- what it is about: the same trouble heard twice is one row
    bank          text,
    order_no      bigint REFERENCES payment_order,
    attempt_no    bigint REFERENCES attempt,
    submission_no bigint REFERENCES submission,
    message_no    bigint REFERENCES bank_message,
    detail        jsonb       NOT NULL DEFAULT '{}',
    opened_at     timestamptz NOT NULL,
    closed_at     timestamptz,
    UNIQUE (kind, key)
);

-- ------------------------------------------------------------------------------------------------------- telling

CREATE TABLE outcome_event (
    order_no     bigint REFERENCES payment_order,
    outcome_no   integer     CHECK (outcome_no > 0),
    event_no     bigint GENERATED ALWAYS AS IDENTITY,
    lane         smallint    NOT NULL CHECK (lane BETWEEN 0 AND 15),
    xid          xid8        NOT NULL DEFAULT pg_current_xact_id(),
    source       text        NOT NULL,
    key          text        NOT NULL,                  -- source/order id
    document     text        NOT NULL,                  -- the whole current outcome, JSON
    created_at   timestamptz NOT NULL,
    published_at timestamptz,
    PRIMARY KEY (order_no, outcome_no)
);
CREATE INDEX outcome_event_unpublished ON outcome_event (lane, event_no) WHERE published_at IS NULL;
-- Identity values commit out of order; the feed reads in transaction order below the horizon and so misses nothing.
CREATE INDEX outcome_event_feed ON outcome_event (xid, event_no);

CREATE TABLE outcome_lane (
    lane        smallint PRIMARY KEY CHECK (lane BETWEEN 0 AND 15),
    owner       text,
    epoch       bigint NOT NULL DEFAULT 0,
    lease_until timestamptz
);
INSERT INTO outcome_lane (lane) SELECT generate_series(0, 15);

-- ------------------------------------------------------------------------------------------------ who is stopped

-- The active stops that catch each of these orders. A person is every identifier that orders of the source ever carried
-- together; a stop on one of them is a stop on all. The one definition: seal, intent, stop and report all ask here.
CREATE FUNCTION stops_on(orders bigint[]) RETURNS TABLE (order_no bigint, stop_no bigint)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE person (stop_no, source, identifier) AS (
        SELECT s.stop_no, s.source, s.value FROM stop s WHERE s.state = 'active' AND s.kind = 'person'
        UNION
        SELECT p.stop_no, p.source, l.other
        FROM person p
        JOIN (SELECT source, low AS one, high AS other FROM person_link
              UNION ALL SELECT source, high, low FROM person_link) l
          ON l.one = p.identifier AND (p.source = '*' OR p.source = l.source)
    )
    SELECT o.order_no, s.stop_no
    FROM payment_order o
    JOIN stop s ON s.state = 'active' AND (s.source = '*' OR s.source = o.source) AND CASE s.kind
        WHEN 'account' THEN s.value = o.account
        WHEN 'order'   THEN s.value = o.order_id
        WHEN 'benefit' THEN s.value = o.benefit
        WHEN 'source'  THEN s.value = o.source
        WHEN 'bank'    THEN EXISTS (SELECT FROM attempt a WHERE a.order_no = o.order_no AND NOT a.closed AND a.bank = s.value)
        ELSE false END
    WHERE o.order_no = ANY (orders) AND EXISTS (SELECT FROM stop WHERE state = 'active')
    UNION
    SELECT o.order_no, p.stop_no
    FROM payment_order o
    JOIN person p ON p.identifier = ANY (o.person_keys) AND (p.source = '*' OR p.source = o.source)
    WHERE o.order_no = ANY (orders) AND EXISTS (SELECT FROM stop WHERE state = 'active')
$$;

-- Whether the pause switch is on for this bank and source.
CREATE FUNCTION paused(of_bank text, of_source text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM pause p WHERE p.resumed_at IS NULL AND
        (p.scope = 'all' OR (p.scope = 'bank' AND p.value = of_bank) OR (p.scope = 'source' AND p.value = of_source)))
$$;
