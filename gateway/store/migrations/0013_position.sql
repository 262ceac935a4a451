-- Banks that take delimited files name a payment by the number of its line.

ALTER TABLE observation ADD COLUMN position integer;  -- its place in the submission msg_id, from 1

-- A message may name what was sent to another bank: that is looked up without the bank.
CREATE INDEX submission_by_msg_id ON submission (msg_id);
