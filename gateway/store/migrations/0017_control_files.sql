-- The control file that goes after a submission, where its bank waits for one (adr/0013): written of what was read back when it was
-- sealed, and kept. Its name is used once for ever at a bank.
CREATE TABLE submission_control (
    submission_no bigint PRIMARY KEY REFERENCES submission,
    bank          text   NOT NULL REFERENCES lane,
    rule          text   NOT NULL CHECK (rule <> ''),    -- a digest of the profile's rule that it was written by
    name          text   NOT NULL,
    content       bytea  NOT NULL CHECK (octet_length(content) <= 65536),
    UNIQUE (bank, name)
);
CREATE TRIGGER submission_control_kept BEFORE UPDATE OR DELETE ON submission_control
    FOR EACH ROW EXECUTE FUNCTION only_added();
REVOKE UPDATE, DELETE ON submission_control FROM gateway_app;
