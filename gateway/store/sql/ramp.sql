-- name: full (banks whose ramp is used up on this day)
SELECT r.bank FROM unnest($1::text[], $2::int[]) AS r (bank, per_day)
WHERE (SELECT count(*) FROM ramp_use u WHERE u.bank = r.bank AND u.day = $3) >= r.per_day ORDER BY r.bank;

-- name: used (payments of each bank with a ramp that were put into submissions on this day)
SELECT b.bank AS what, count(u.order_no) AS count FROM unnest($1::text[]) AS b (bank)
LEFT JOIN ramp_use u ON u.bank = b.bank AND u.day = $2 GROUP BY b.bank ORDER BY b.bank;

-- name: counted (of these attempts, those that count on this day already)
SELECT u.order_no FROM unnest($3::bigint[], $4::int[]) AS o (order_no, generation)
JOIN ramp_use u ON (u.bank, u.day, u.order_no, u.generation) = ($1, $2::date, o.order_no, o.generation);

-- name: count (each attempt once a day, however often it is cut)
INSERT INTO ramp_use (bank, day, order_no, generation)
SELECT $1, $2, o.order_no, o.generation FROM unnest($3::bigint[], $4::int[]) AS o (order_no, generation)
ON CONFLICT DO NOTHING;
