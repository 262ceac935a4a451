-- What a bank receives may be wrapped (OpenPGP, CMS), and files that a bank leaves are picked up.

-- The bytes on the wire of a submission that was wrapped when it was sealed. Encryption is never the same twice: they
-- are made once and kept. The plain bytes stay what is sealed, digested and read again (submission.sha256).
CREATE TABLE submission_wire (
    submission_no bigint PRIMARY KEY REFERENCES submission,
    bank          text   NOT NULL REFERENCES lane,
    recipient     text   NOT NULL,                       -- the kind of envelope and the key it was made for
    size          bigint NOT NULL CHECK (size > 0),
    sha256        bytea  NOT NULL CHECK (octet_length(sha256) = 32),
    UNIQUE (bank, sha256)
);
CREATE TABLE submission_wire_bytes (
    submission_no bigint REFERENCES submission_wire,
    piece_no      integer,
    piece         bytea NOT NULL CHECK (octet_length(piece) <= 1048576),
    PRIMARY KEY (submission_no, piece_no)
);
CREATE TRIGGER submission_wire_kept BEFORE UPDATE OR DELETE ON submission_wire
    FOR EACH ROW EXECUTE FUNCTION only_added();
CREATE TRIGGER submission_wire_bytes_kept BEFORE UPDATE OR DELETE ON submission_wire_bytes
    FOR EACH ROW EXECUTE FUNCTION only_added();
REVOKE UPDATE, DELETE ON submission_wire, submission_wire_bytes FROM gateway_app;

-- One worker at a time looks at what a bank has left. Two would do no harm, only the work twice.
CREATE TABLE pick_up (
    bank        text PRIMARY KEY REFERENCES lane,
    owner       text,
    lease_until timestamptz,
    CHECK ((owner IS NULL) = (lease_until IS NULL))
);
