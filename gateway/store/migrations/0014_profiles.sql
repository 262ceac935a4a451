-- Profiles change while payments are under way: what was sealed keeps the adapter and the place that it was sealed for.

-- Which adapter wrote it and where it goes: kind of transport, host, folder or API root. It is sent there or not at all,
-- and only an inquiry made there says anything. NULL: sealed before this was written down.
ALTER TABLE submission ADD COLUMN destination text;
CREATE TRIGGER submission_destination BEFORE UPDATE OF destination ON submission FOR EACH ROW
    WHEN (OLD.sha256 IS NOT NULL AND OLD.destination IS DISTINCT FROM NEW.destination)
    EXECUTE FUNCTION sealed_is_sealed();

-- Whom the bank takes us for at this try, as far as secrets decide (digests of a bearer token, of the names in a certificate;
-- '': they do not). What a bank says it does not know proves nothing about what it was sent as somebody else. NULL: tried
-- before this was written down.
ALTER TABLE intent ADD COLUMN credential text;

-- Messages of a bank whose profile cannot be used wait unread among the dead letters, until it can.
CREATE INDEX dead_letter_waits ON dead_letter ((headers ->> 'ce_source'), dead_letter_no) WHERE rule = 'bank.disabled';
