-- What matching looks up: bookings of one payment, references that were learnt, sums that wait.

ALTER TABLE observation ADD COLUMN repeats boolean NOT NULL DEFAULT false;  -- tells a booking that was told before

DROP INDEX observation_booked;
CREATE INDEX observation_booked ON observation (submission_no, attempt_no)
    WHERE submission_no IS NOT NULL AND kind IN ('entry', 'batch entry', 'return entry');
CREATE INDEX observation_learnt ON observation (entry_ref) WHERE submission_no IS NOT NULL AND entry_ref IS NOT NULL;
CREATE INDEX observation_learnt_tx ON observation (tx_id)
    WHERE submission_no IS NOT NULL AND tx_id IS NOT NULL AND tx_id <> entry_ref;
CREATE INDEX observation_learnt_batch ON observation (msg_id)
    WHERE submission_no IS NOT NULL AND kind = 'batch entry' AND msg_id IS NOT NULL;
CREATE INDEX observation_learnt_block ON observation (pmt_inf_id)
    WHERE submission_no IS NOT NULL AND kind = 'batch entry' AND pmt_inf_id IS NOT NULL;
CREATE INDEX observation_sum_waits ON observation (message_no)
    WHERE submission_no IS NULL AND verdict IN ('batch sum waits for rejects', 'ambiguous sum');
CREATE INDEX observation_nameless ON observation (message_no)
    WHERE submission_no IS NULL AND verdict IN ('orphan', 'lump return', 'ambiguous');

CREATE INDEX observation_split ON observation (amount_minor) WHERE verdict = 'split by hand';

-- An event is made by one statement from its order's own row, under its lock, and neither is ever deleted: asking again
-- whether that row is there, row by row, was a sixth of the cost of a match.
ALTER TABLE outcome_event DROP CONSTRAINT outcome_event_order_no_fkey;

-- Whether this page does not add up, or is a copy of one that did not: nothing of it is applied.
CREATE FUNCTION touches_nothing(of_statement bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT p.state = 'unbalanced' OR p.state = 'repeated' AND EXISTS (
        SELECT FROM statement u
        WHERE u.state = 'unbalanced'
          AND (u.bank, u.account, u.currency, u.page, u.digest) = (p.bank, p.account, p.currency, p.page, p.digest)
          AND u.sequence IS NOT DISTINCT FROM p.sequence AND u.statement_id IS NOT DISTINCT FROM p.statement_id
          AND u.opening_minor IS NOT DISTINCT FROM p.opening_minor AND u.closing_minor IS NOT DISTINCT FROM p.closing_minor)
    FROM statement p WHERE p.statement_no = of_statement
$$;

-- Whether this page is a copy of one that was received before: all that it says of its entries is the same. What did not add up
-- told nothing, so its correction tells it first.
CREATE FUNCTION sent_again(of_statement bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM statement p
        JOIN statement e ON (e.bank, e.account, e.currency, e.page, e.digest) = (p.bank, p.account, p.currency, p.page, p.digest)
            AND e.statement_id IS NOT DISTINCT FROM p.statement_id AND e.sequence IS NOT DISTINCT FROM p.sequence
            AND e.closing_on IS NOT DISTINCT FROM p.closing_on
        WHERE p.statement_no = of_statement AND e.statement_no < p.statement_no
          AND NOT touches_nothing(e.statement_no))
$$;

-- The first page received that claims to be the same page of the same statement, whatever it says: two accounts of one page
-- contradict each other, they do not book twice.
CREATE FUNCTION same_page(of_statement bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT min(e.statement_no) FROM statement p
    JOIN statement e ON (e.bank, e.account, e.currency, e.page) = (p.bank, p.account, p.currency, p.page)
        AND e.statement_id IS NOT DISTINCT FROM p.statement_id AND e.sequence IS NOT DISTINCT FROM p.sequence
        AND e.closing_on IS NOT DISTINCT FROM p.closing_on
    WHERE p.statement_no = of_statement AND NOT touches_nothing(e.statement_no)
$$;
