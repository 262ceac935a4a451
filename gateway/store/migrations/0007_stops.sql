-- Stops complete: canonical identifiers, reasons, notices, what each stop caught; and records of sources over Kafka.

-- What an identifier is compared by: 800101/1234 and 8001011234 are one. The same rule as gateway/domain/person.py; a test
-- compares the two.
CREATE FUNCTION bare(id text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT upper(translate(id, ' ./_-', ''))
$$;
CREATE FUNCTION person_key(key text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT upper(split_part(key, ':', 1)) || ':' || CASE
        WHEN upper(split_part(key, ':', 1)) IN ('CUST', 'EMPL')  -- numbers that an institution makes up keep their separators
        THEN upper(replace(substr(key, strpos(key, ':') + 1), ' ', ''))
        ELSE bare(substr(key, strpos(key, ':') + 1)) END
$$;
CREATE FUNCTION account_key(account text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN strpos(account, ':') > 0 THEN person_key(account)                 -- paid over the counter
        WHEN strpos(account, '/') > 0 THEN                                     -- domestic: country/bank/number
            upper(split_part(account, '/', 1)) || '/' || upper(split_part(account, '/', 2)) || '/' ||
            bare(substr(account, length(split_part(account, '/', 1)) + length(split_part(account, '/', 2)) + 3))
        ELSE bare(account) END
$$;

-- What was stored before is brought into that form; the documents stay as they were pushed. A stop keeps what was written:
-- its value is brought into the form whenever it is compared.
UPDATE payment_order o
SET person_keys = (SELECT array_agg(DISTINCT person_key(k) ORDER BY person_key(k)) FROM unnest(o.person_keys) k)
WHERE EXISTS (SELECT FROM unnest(o.person_keys) k WHERE k <> person_key(k));
CREATE TEMPORARY TABLE link_before ON COMMIT DROP AS SELECT source, person_key(low) AS one, person_key(high) AS other FROM person_link;
DELETE FROM person_link;
INSERT INTO person_link (source, low, high)
SELECT DISTINCT source, least(one, other), greatest(one, other) FROM link_before WHERE one <> other;
DROP TABLE link_before;

-- A notice of a source: one message that sets stops, all or none; heard twice, it is one.
CREATE TABLE stop_notice (
    notice_no    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text        NOT NULL,
    event_id     text        NOT NULL,
    digest       bytea       NOT NULL CHECK (octet_length(digest) = 32),
    reason_class text        NOT NULL,
    effective_on date,                                   -- as told; a stop holds from the moment it is set
    stop_nos     bigint[]    NOT NULL DEFAULT '{}',
    origin       jsonb       NOT NULL,                   -- the door it came through
    received_at  timestamptz NOT NULL,
    UNIQUE (source, event_id)
);

ALTER TABLE stop
    DROP CONSTRAINT stop_kind_check,
    ADD CONSTRAINT stop_kind_check CHECK (kind IN ('person', 'account', 'order', 'benefit', 'source', 'bank', 'mandate')),
    ADD COLUMN reason_class text NOT NULL DEFAULT 'other' CHECK (reason_class IN ('death', 'life certificate overdue',
        'guardian changed', 'account changed', 'court order', 'fraud suspicion', 'other')),
    ADD COLUMN effective_on date,
    ADD COLUMN notice_no    bigint REFERENCES stop_notice,
    ADD COLUMN voided       integer NOT NULL DEFAULT 0;  -- submissions it voided: when it was set, or at their intent
-- Each notice is a ground of its own, and so is each class: two courts that write the same words about one account make two
-- stops, and lifting the one leaves the other.
DROP INDEX stop_active;
CREATE UNIQUE INDEX stop_active ON stop (source, kind, value, reason, reason_class, coalesce(notice_no, 0)) WHERE state = 'active';
CREATE INDEX recall_of_stop ON recall (stop_no);

-- What a stop caught: kept from leaving, or gone already. Rows stay when it is lifted: what it kept at the time.
CREATE TABLE stop_catch (
    stop_no   bigint REFERENCES stop,
    order_no  bigint REFERENCES payment_order,
    how       text        NOT NULL CHECK (how IN ('kept', 'left')),
    caught_at timestamptz NOT NULL,
    PRIMARY KEY (stop_no, order_no, how)  -- what had left may come back, and is then kept
);
CREATE INDEX stop_catch_of_order ON stop_catch (order_no);

-- The same, summed as it grows.
CREATE TABLE stop_total (
    stop_no  bigint REFERENCES stop,
    how      text,
    currency text,
    orders   bigint NOT NULL,
    minor    bigint NOT NULL,
    PRIMARY KEY (stop_no, how, currency)
);

-- Stops to be swept again: identifiers were found to be one person after the stop was swept.
CREATE TABLE stop_sweep (
    sweep_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stop_no  bigint NOT NULL REFERENCES stop
);

-- Every offset of a topic that was read: what came of the records of one transaction, from and through inclusive.
CREATE TABLE record_range (
    incarnation    text,
    topic          text,
    partition      integer,
    from_offset    bigint,
    through_offset bigint      NOT NULL,
    stored         integer     NOT NULL CHECK (stored >= 0),
    same_again     integer     NOT NULL CHECK (same_again >= 0),
    dead           integer     NOT NULL CHECK (dead >= 0),
    received_at    timestamptz NOT NULL,
    PRIMARY KEY (incarnation, topic, partition, from_offset),
    CHECK (stored + same_again + dead = through_offset - from_offset + 1)
);
