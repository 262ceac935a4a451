-- name: batches
SELECT b.source, b.batch_id, b.batch_no, b.state, b.pay_date
FROM batch b JOIN unnest($1::text[], $2::text[]) AS named (source, batch_id) ON named.source = b.source AND named.batch_id = b.batch_id;

-- name: lock (shared with other chunks, as intake does; in one order, that two partitions cannot wait for each other)
SELECT b.source, b.batch_id, b.batch_no, b.state, b.pay_date
FROM batch b JOIN unnest($1::text[], $2::text[]) AS named (source, batch_id) ON named.source = b.source AND named.batch_id = b.batch_id
ORDER BY b.batch_no FOR SHARE OF b;

-- name: unstage (the next batch of the same transaction starts empty)
DELETE FROM staged_order;

-- name: there (digests of these orders that the batch holds with the same content)
SELECT o.digest FROM payment_order o
JOIN unnest($2::text[], $3::bytea[]) AS said (order_id, digest) ON said.order_id = o.order_id AND said.digest = o.digest
WHERE o.batch_no = $1;
