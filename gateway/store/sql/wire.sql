-- name: wrapped (what goes over the wire instead of the sealed bytes)
INSERT INTO submission_wire (submission_no, bank, recipient, size, sha256) VALUES ($1, $2, $3, $4, $5);

-- name: control (the control file that goes after it)
INSERT INTO submission_control (submission_no, bank, rule, name, content) VALUES ($1, $2, $3, $4, $5);
