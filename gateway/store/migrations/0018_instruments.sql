-- How fast the payments of a submission are to be: it is cut of one instrument, and says so in what is sealed.
ALTER TABLE submission ADD COLUMN instrument text NOT NULL DEFAULT 'normal'
    CHECK (instrument IN ('normal', 'instant', 'urgent'));
CREATE TRIGGER submission_instrument BEFORE UPDATE OF instrument ON submission FOR EACH ROW
    WHEN (OLD.sha256 IS NOT NULL AND OLD.instrument IS DISTINCT FROM NEW.instrument)
    EXECUTE FUNCTION sealed_is_sealed();
