-- name: open (the first to say it opens it; `find` tells the others what was said)
INSERT INTO batch (source, batch_id, programme, pay_date, opened_at, opened_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (source, batch_id) DO NOTHING;

-- name: find
SELECT batch_no, source, batch_id, programme, pay_date, state, opened_at, closed_at, ended_at, order_count, totals,
       manifest_expires_at
FROM batch WHERE source = $1 AND batch_id = $2;

-- name: lock (alone: waits for every chunk that holds the row FOR SHARE)
SELECT batch_no, source, batch_id, programme, pay_date, state, opened_at, closed_at, ended_at, order_count, totals,
       manifest_expires_at
FROM batch WHERE source = $1 AND batch_id = $2 FOR UPDATE;

-- name: count
SELECT state, count(*)::int AS count FROM payment_order WHERE batch_no = $1 GROUP BY state ORDER BY state;

-- name: totals (of every readable amount, refused orders included, as the manifest counts)
SELECT currency, sum(amount_minor) AS minor FROM payment_order
WHERE batch_no = $1 AND amount_minor IS NOT NULL GROUP BY currency ORDER BY currency;

-- name: chunks (what the manifest signs, computed from the documents themselves; 1,024 orders by order id a chunk)
SELECT chunk_no, min(order_id) AS first_order_id, max(order_id) AS last_order_id,
       sha256(string_agg(digest, ''::bytea ORDER BY order_id)) AS digest
FROM (SELECT ((row_number() OVER (ORDER BY order_id) - 1) / 1024)::int AS chunk_no, order_id, sha256(document) AS digest
      FROM payment_order WHERE batch_no = $1) o
GROUP BY chunk_no ORDER BY chunk_no;

-- name: close
UPDATE batch SET state = 'closed', closed_at = $2, closed_by = $3, order_count = $4, totals = $5 WHERE batch_no = $1;

-- name: manifest
SELECT manifest FROM batch WHERE batch_no = $1;

-- name: keep_chunks
INSERT INTO manifest_chunk (batch_no, chunk_no, first_order_id, last_order_id, digest)
SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::bytea[]);

-- name: release
UPDATE batch SET state = 'released', ended_at = $2, ended_by = $3, manifest = $4, manifest_signature = $5,
    manifest_expires_at = $6
WHERE batch_no = $1;

-- name: untold (refused and held orders of a batch that is being released, a page in the order of their ids)
SELECT order_no, order_id, state AS outcome, reason FROM payment_order
WHERE batch_no = $1 AND order_id > $2 AND state IN ('refused', 'held')
ORDER BY order_id LIMIT $3;

-- name: withdraw
UPDATE batch SET state = 'withdrawn', ended_at = $2, ended_by = $3 WHERE batch_no = $1;

-- name: cancel_orders (their claims are free again)
UPDATE payment_order SET state = 'cancelled', claims = false, reason = 'batch.withdrawn'
WHERE batch_no = $1 AND state IN ('payable', 'held');
