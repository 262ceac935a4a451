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
    habit TEXT NOT NULL,
    PRIMARY KEY (request, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (
    account TEXT PRIMARY KEY,
    opening_minor INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS statements (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts,
    sequence INTEGER NOT NULL,
    day TEXT NOT NULL,
    opening_minor INTEGER NOT NULL,
    closing_minor INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),
    habits TEXT NOT NULL DEFAULT '',
    UNIQUE (account, sequence),
    UNIQUE (account, day)
) STRICT;
CREATE TABLE IF NOT EXISTS bookings (
    id INTEGER PRIMARY KEY,
    request INTEGER REFERENCES requests,
    ordinal INTEGER NOT NULL,
    sort TEXT NOT NULL CHECK (sort IN ('payment', 'sum', 'return', 'lump', 'charge', 'funding')),
    account TEXT NOT NULL REFERENCES accounts,
    side TEXT NOT NULL CHECK (side IN ('DBIT', 'CRDT')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL,
    booked_on TEXT NOT NULL,
    entry_ref TEXT NOT NULL,
    end_to_end_id TEXT NOT NULL,
    msg_id TEXT,
    pmt_inf_id TEXT,
    instr_id TEXT,
    uetr TEXT,
    tx_id TEXT,
    debit_ref TEXT,
    reason TEXT,
    shape TEXT NOT NULL,
    charges_minor INTEGER NOT NULL,
    statement INTEGER REFERENCES statements
) STRICT;
CREATE INDEX IF NOT EXISTS bookings_payment ON bookings (request, ordinal);
CREATE INDEX IF NOT EXISTS bookings_open ON bookings (account, booked_on) WHERE statement IS NULL;
CREATE INDEX IF NOT EXISTS bookings_statement ON bookings (statement, id);
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
INSERT INTO payments (request, ordinal, end_to_end_id, account, amount_minor, currency, state, reason, habit)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- add_booking: one movement on a debtor account
INSERT INTO bookings (request, ordinal, sort, account, side, amount_minor, currency, booked_on, entry_ref,
    end_to_end_id, msg_id, pmt_inf_id, instr_id, uetr, tx_id, debit_ref, reason, shape, charges_minor)
VALUES (:request, :ordinal, :sort, :account, :side, :amount_minor, :currency, :booked_on, :entry_ref,
    :end_to_end_id, :msg_id, :pmt_inf_id, :instr_id, :uetr, :tx_id, :debit_ref, :reason, :shape, :charges_minor);

-- open_account: an account with the balance it begins with; an account that is open stays as it is
INSERT INTO accounts (account, opening_minor) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- balances: the balance of every account over all its bookings, whatever their day
SELECT a.account, a.opening_minor
    + coalesce(sum(CASE b.side WHEN 'CRDT' THEN b.amount_minor ELSE -b.amount_minor END), 0)
FROM accounts a LEFT JOIN bookings b ON b.account = a.account GROUP BY a.account ORDER BY a.account;

-- last_closed: the last day that was closed
SELECT max(day) FROM statements;

-- last_booking: the latest day of anything that was or will be booked
SELECT max(booked_on) FROM bookings;

-- last_statement: number and closing balance of an account's last statement, or what it begins with
SELECT coalesce(s.sequence, 0), coalesce(s.closing_minor, a.opening_minor)
FROM accounts a LEFT JOIN statements s ON s.account = a.account
WHERE a.account = ? ORDER BY s.sequence DESC LIMIT 1;

-- open_bookings: how many movements of payments a day will hold
SELECT count(*) FROM bookings WHERE account = ? AND statement IS NULL AND booked_on <= ? AND request IS NOT NULL;

-- open_sum: what an account moves until a day, signed
SELECT coalesce(sum(CASE side WHEN 'CRDT' THEN amount_minor ELSE -amount_minor END), 0)
FROM bookings WHERE account = ? AND statement IS NULL AND booked_on <= ?;

-- add_statement: the end of a day
INSERT INTO statements (account, sequence, day, opening_minor, closing_minor)
VALUES (:account, :sequence, :day, :opening_minor, :closing_minor);

-- put_on_statement: all movements of an account until a day that stand on no statement yet
UPDATE bookings SET statement = ? WHERE account = ? AND statement IS NULL AND booked_on <= ?;

-- statements: every statement by account and number
SELECT id, account, sequence, day, opening_minor, closing_minor, told, habits FROM statements ORDER BY account, sequence;

-- mark_told: a statement that is among the messages to send
UPDATE statements SET told = 1, habits = ? WHERE id = ?;

-- named_by: the payments that an entry of ours is about, by any reference that a statement gives of it
SELECT DISTINCT end_to_end_id FROM bookings
WHERE :reference IN (entry_ref, tx_id, debit_ref) AND request IS NOT NULL ORDER BY end_to_end_id;

-- said: every message that was sent, as often as it was
SELECT content FROM answers WHERE sent_at IS NOT NULL ORDER BY id;

-- shown: what was done with each payment out of the ordinary
SELECT p.end_to_end_id, p.state, p.reason, p.habit, p.amount_minor, b.sort, coalesce(b.shape, ''),
    coalesce(b.amount_minor, 0), coalesce(b.charges_minor, 0)
FROM payments p LEFT JOIN bookings b ON b.request = p.request AND b.ordinal = p.ordinal AND b.side = 'CRDT'
WHERE p.state <> 'booked' OR p.habit <> '' ORDER BY p.request, p.ordinal;

-- on_statement: the movements of a statement
SELECT sort, account, side, amount_minor, booked_on, entry_ref, currency, ordinal, end_to_end_id, msg_id, pmt_inf_id,
    instr_id, uetr, tx_id, debit_ref, reason, shape, charges_minor
FROM bookings WHERE statement = ? ORDER BY id;

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
WHERE side = 'DBIT' AND request IS NOT NULL GROUP BY end_to_end_id HAVING count(*) > 1
UNION ALL
SELECT 'MsgId', r.msg_id, count(DISTINCT r.id) FROM bookings b JOIN requests r ON r.id = b.request
WHERE b.side = 'DBIT' AND r.msg_id IS NOT NULL GROUP BY r.msg_id HAVING count(DISTINCT r.id) > 1
ORDER BY kind, reference;

-- payments: every payment in the order in which the bank was asked, with what moved for it until a day
SELECT p.end_to_end_id, p.account, p.amount_minor, p.currency, p.state, p.reason,
    count(b.id) FILTER (WHERE b.side = 'DBIT'), count(b.id) FILTER (WHERE b.side = 'CRDT'),
    coalesce(sum(b.amount_minor) FILTER (WHERE b.side = 'CRDT'), 0), coalesce(sum(b.charges_minor), 0),
    min(b.booked_on) FILTER (WHERE b.side = 'DBIT'), max(b.booked_on) FILTER (WHERE b.side = 'CRDT'),
    max(b.entry_ref) FILTER (WHERE b.side = 'CRDT'), max(b.tx_id) FILTER (WHERE b.side = 'CRDT'),
    max(b.debit_ref) FILTER (WHERE b.side = 'CRDT')
FROM payments p LEFT JOIN bookings b ON b.request = p.request AND b.ordinal = p.ordinal AND b.booked_on <= ?
GROUP BY p.request, p.ordinal ORDER BY p.request, p.ordinal;
