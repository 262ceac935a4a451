-- name: know
INSERT INTO partition_lease (incarnation, topic, partition) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: lease (ours to renew; or free or left behind by its owner, while we have less than an even share)
UPDATE partition_lease p SET owner = $4, lease_until = $6, epoch = epoch + CASE WHEN owner = $4 THEN 0 ELSE 1 END
WHERE incarnation = $1 AND topic = $2 AND partition = $3 AND stopped IS NULL
  AND (owner = $4 OR ((owner IS NULL OR lease_until < $5)
       AND (SELECT count(*) FROM partition_lease o WHERE o.incarnation = $1 AND o.topic = $2 AND o.owner = $4)
         < (SELECT ceil(count(*) / greatest(1, (SELECT count(*) FROM worker w WHERE w.seen_until >= $5))::numeric)
            FROM partition_lease o WHERE o.incarnation = $1 AND o.topic = $2)))
RETURNING epoch, next_offset;

-- name: live (say that we live)
INSERT INTO worker (name, seen_until) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET seen_until = $2;

-- name: give_up_surplus (what exceeds our even share goes to whoever has less)
UPDATE partition_lease SET owner = NULL
WHERE (incarnation, topic, partition) IN (
    SELECT o.incarnation, o.topic, o.partition FROM partition_lease o
    WHERE o.incarnation = $1 AND o.topic = $2 AND o.owner = $3
    ORDER BY o.partition
    OFFSET (SELECT ceil(count(*) / greatest(1, (SELECT count(*) FROM worker w WHERE w.seen_until >= $4))::numeric)
            FROM partition_lease a WHERE a.incarnation = $1 AND a.topic = $2));

-- name: leave (a worker that stops in good order)
WITH gone AS (DELETE FROM worker WHERE name = $1),
untold AS (UPDATE outcome_lane SET owner = NULL, lease_until = NULL WHERE owner = $1)
UPDATE partition_lease SET owner = NULL, lease_until = NULL WHERE owner = $1;

-- name: advance (compare and set: nobody else has read on)
UPDATE partition_lease SET next_offset = $7, failures = 0
WHERE incarnation = $1 AND topic = $2 AND partition = $3 AND owner = $4 AND epoch = $5 AND next_offset = $6;

-- name: failed
UPDATE partition_lease SET failures = failures + 1
WHERE incarnation = $1 AND topic = $2 AND partition = $3 AND owner = $4 AND epoch = $5 AND next_offset = $6
RETURNING failures;

-- name: stop
UPDATE partition_lease SET stopped = $6
WHERE incarnation = $1 AND topic = $2 AND partition = $3 AND owner = $4 AND epoch = $5 AND stopped IS NULL;

-- name: stopped (partitions that wait for an operator)
SELECT incarnation, topic, partition, next_offset, epoch, stopped AS why FROM partition_lease
WHERE stopped IS NOT NULL ORDER BY incarnation, topic, partition;

-- name: lock_stopped
SELECT incarnation, topic, partition, next_offset, epoch, stopped AS why FROM partition_lease
WHERE incarnation = $1 AND topic = $2 AND partition = $3 AND stopped IS NOT NULL FOR UPDATE;

-- name: start (whoever takes it next has another epoch)
UPDATE partition_lease SET stopped = NULL, failures = 0, owner = NULL, lease_until = NULL, next_offset = $4
WHERE incarnation = $1 AND topic = $2 AND partition = $3;

-- name: message (the same bytes of the same bank are one message)
INSERT INTO bank_message (bank, digest, size, channel, origin, received_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (bank, digest) DO NOTHING RETURNING message_no;

-- name: again (said once more, what could not be read is read once more: its reader may have been mended since)
UPDATE bank_message SET state = $3, failure = NULL, leased_by = NULL, lease_until = NULL
WHERE bank = $1 AND digest = $2 AND state = 'unreadable' RETURNING message_no;

-- name: dead_letter
INSERT INTO dead_letter (incarnation, topic, partition, "offset", rule, value, headers, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING;

-- name: account (every offset is in one range)
INSERT INTO record_range (incarnation, topic, partition, from_offset, through_offset, stored, same_again, dead, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: accounts (what became of every record of each topic; `unaccounted` and `unlettered` are zero, or something was lost)
SELECT p.topic, count(*) AS partitions, count(p.stopped) AS stopped,
       coalesce(sum(r.records), 0)::bigint AS records, coalesce(sum(r.stored), 0)::bigint AS stored,
       coalesce(sum(r.same_again), 0)::bigint AS same_again, coalesce(sum(r.dead), 0)::bigint AS dead,
       coalesce(sum(p.next_offset - r.first_offset - r.records), 0)::bigint AS unaccounted,
       coalesce(sum(r.dead - (SELECT count(*) FROM dead_letter d
           WHERE d.incarnation = p.incarnation AND d.topic = p.topic AND d.partition = p.partition
             AND d."offset" >= r.first_offset)), 0)::bigint AS unlettered
FROM partition_lease p
LEFT JOIN (
    SELECT incarnation, topic, partition, min(from_offset) AS first_offset,
           sum(through_offset - from_offset + 1)::bigint AS records, sum(stored)::bigint AS stored,
           sum(same_again)::bigint AS same_again, sum(dead)::bigint AS dead
    FROM record_range GROUP BY incarnation, topic, partition
) r ON r.incarnation = p.incarnation AND r.topic = p.topic AND r.partition = p.partition
GROUP BY p.topic ORDER BY p.topic;
