-- schema: the books of one bank; bookings and payments have no uniqueness on purpose, so that a fault shows
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    msg_id TEXT,
    received_at TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'rejected', 'duplicate', 'unreadable')),
    reason TEXT,
    reply_status INTEGER,
    reply BLOB,
    read_backs INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS requests_msg_id ON requests (msg_id);
CREATE TABLE IF NOT EXISTS payments (
    request INTEGER NOT NULL REFERENCES requests,
    ordinal INTEGER NOT NULL,
    end_to_end_id TEXT NOT NULL,
    account TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('booked', 'rejected', 'returned')),
    reason TEXT,
    PRIMARY KEY (request, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bookings (
    id INTEGER PRIMARY KEY,
    request INTEGER NOT NULL REFERENCES requests,
    end_to_end_id TEXT NOT NULL,
    debtor_account TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('DBIT', 'CRDT')),
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    booked_on TEXT NOT NULL,
    entry_ref TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    suffix TEXT NOT NULL,
    digest TEXT NOT NULL,
    copy INTEGER NOT NULL,
    content BLOB NOT NULL,
    due TEXT NOT NULL,
    sent_at TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS answers_waiting ON answers (due, id) WHERE sent_at IS NULL;
CREATE INDEX IF NOT EXISTS answers_digest ON answers (digest);

-- add_request: one file or API request as it was received and decided
INSERT INTO requests (source, digest, msg_id, received_at, outcome, reason, reply_status, reply)
VALUES (:source, :digest, :msg_id, :received_at, :outcome, :reason, :reply_status, :reply);

-- add_payment: one payment the bank was asked for
INSERT INTO payments (request, ordinal, end_to_end_id, account, amount_minor, currency, state, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- add_booking: one movement on a debtor account
INSERT INTO bookings (request, end_to_end_id, debtor_account, side, amount_minor, currency, booked_on, entry_ref)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- add_answer: one message to send when it is due; copies of the same bytes are counted from 1
INSERT INTO answers (name, suffix, digest, copy, content, due)
SELECT :name, :suffix, :digest, 1 + count(*), :content, :due FROM answers WHERE digest = :digest;

-- knows_msg_id: was a readable file with this MsgId taken before
SELECT 1 FROM requests WHERE msg_id = ? AND outcome <> 'unreadable' LIMIT 1;

-- sources: names of all files and keys of all requests in the books
SELECT source FROM requests;

-- request: one request with the reply that was stored for it
SELECT digest, reply_status, reply, read_backs FROM requests WHERE source = ?;

-- count_read_back: somebody asked for this request
UPDATE requests SET read_backs = read_backs + 1 WHERE source = ?;

-- due: messages to send, oldest first
SELECT id, name, suffix, digest, copy, content, due FROM answers
WHERE sent_at IS NULL AND due <= ? ORDER BY due, id LIMIT ?;

-- next_due: when the next message is to be sent
SELECT min(due) FROM answers WHERE sent_at IS NULL;

-- mark_sent: a message whose publication was acknowledged
UPDATE answers SET sent_at = ? WHERE id = ?;

-- duplicates: EndToEndIds debited more than once, MsgIds booked from more than one file
SELECT 'EndToEndId' AS kind, end_to_end_id AS reference, count(*) AS times FROM bookings
WHERE side = 'DBIT' GROUP BY end_to_end_id HAVING count(*) > 1
UNION ALL
SELECT 'MsgId', r.msg_id, count(DISTINCT r.id) FROM bookings b JOIN requests r ON r.id = b.request
WHERE b.side = 'DBIT' AND r.msg_id IS NOT NULL GROUP BY r.msg_id HAVING count(DISTINCT r.id) > 1
ORDER BY kind, reference;

-- payments: every payment in the order in which the bank was asked
SELECT end_to_end_id, account, amount_minor, currency, state, reason FROM payments ORDER BY request, ordinal;
