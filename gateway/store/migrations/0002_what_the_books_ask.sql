-- What statements, matching, closing and the books need of the machines of 0001.

-- An entry stands in an account report; what is read of it is still one flat row.
ALTER TABLE observation
    ADD COLUMN told_by       text CHECK (told_by IN ('statement', 'report', 'notification')),  -- camt.053, .052, .054
    ADD COLUMN statement     integer,   -- place of the Stmt, Rpt or Ntfctn in the message, from 1
    ADD COLUMN entry         integer,   -- place of the Ntry in it, from 1; the details of one entry share it
    ADD COLUMN tx_id         text,      -- the clearing's reference of the transaction (TxId)
    ADD COLUMN text_id       text COLLATE "C",  -- an EndToEndId of ours that stands in free text only
    ADD COLUMN charges_minor bigint,    -- charges the bank took beside or out of the amount
    ADD COLUMN rule          text;      -- the rung of the matching ladder that made the match

ALTER TABLE attempt
    ADD COLUMN booked_at      timestamptz,                          -- when the first booking was recorded
    ADD COLUMN returned_minor bigint  NOT NULL DEFAULT 0,           -- came back in proved statements, documented charges included
    ADD COLUMN presumed       boolean NOT NULL DEFAULT false;       -- silence rule: closes, posts and starts nothing

ALTER TABLE submission
    ADD COLUMN delivered_at timestamptz,
    ADD COLUMN presumed_at  timestamptz;

ALTER TABLE payment_order
    ADD COLUMN replaces text COLLATE "C",                           -- order id of the same source that this one corrects
    ADD COLUMN next_try_on date;                                    -- not cut again before (retry in the next window)
