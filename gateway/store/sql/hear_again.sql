-- name: waiting (records of banks that can be understood now, as they came)
SELECT dead_letter_no, incarnation, topic, partition, "offset", value, headers FROM dead_letter
WHERE rule = $1 AND headers ->> 'ce_source' = ANY ($2::text[]) AND dead_letter_no > $3 ORDER BY dead_letter_no LIMIT $4;

-- name: end
UPDATE dead_letter SET rule = $3 WHERE dead_letter_no = $1 AND rule = $2;
