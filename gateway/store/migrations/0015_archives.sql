-- A zip of messages is kept as it came, and says nothing itself: its members are messages of their own, stored with it.
-- Their origin names its digest and their number in it.
ALTER TABLE bank_message
    DROP CONSTRAINT bank_message_state_check,
    ADD CONSTRAINT bank_message_state_check
        CHECK (state IN ('received', 'read', 'applied', 'unreadable', 'unpacked'));

-- Which archives hold a message that could not be read.
CREATE INDEX bank_message_unreadable ON bank_message (bank, (origin ->> 'archive')) WHERE state = 'unreadable';
