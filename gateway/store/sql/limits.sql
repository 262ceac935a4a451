-- name: open_day (the counter of a limit on this day; whoever counts waits for it, in the order of source and bank)
INSERT INTO limit_use (source, bank, currency, day) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: take (guarded: two that would pass the limit together cannot both; the second waits for the first and sees it)
WITH taken AS (
    UPDATE limit_use u SET sent_minor = u.sent_minor + $6
    WHERE (u.source, u.bank, u.currency, u.day) = ($2, $3, $4, $5::date)
      AND u.sent_minor + $6 <= limit_of_day(u.source, u.bank, u.currency, u.day, $7)
    RETURNING u.source, u.bank, u.currency, u.day
)
INSERT INTO limit_taken (submission_no, source, bank, currency, day, sum_minor)
SELECT $1, source, bank, currency, day, $6 FROM taken;

-- name: give_back (nothing of it leaves now after all)
WITH gone AS (DELETE FROM limit_taken WHERE submission_no = $1 RETURNING source, bank, currency, day, sum_minor)
UPDATE limit_use u SET sent_minor = u.sent_minor - g.sum_minor FROM gone g
WHERE (u.source, u.bank, u.currency, u.day) = (g.source, g.bank, g.currency, g.day);

-- name: standing (limits that keep an open submission back today, and of which nobody was told yet)
SELECT l.source, l.bank, l.currency, l.per_day, now_at.limit_minor, coalesce(u.sent_minor, 0) AS used_minor
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS l (source, bank, currency, per_day)
CROSS JOIN LATERAL (SELECT limit_of_day(l.source, l.bank, l.currency, $5, l.per_day) AS limit_minor) now_at
LEFT JOIN limit_use u ON (u.source, u.bank, u.currency, u.day) = (l.source, l.bank, l.currency, $5::date)
WHERE EXISTS (SELECT FROM submission s JOIN batch b ON b.batch_no = s.batch_no
              WHERE s.state = 'open' AND s.currency = l.currency AND l.bank IN ('*', s.bank) AND l.source IN ('*', b.source)
                AND coalesce(u.sent_minor, 0) + s.sum_minor > now_at.limit_minor)
  AND NOT EXISTS (SELECT FROM exception e WHERE e.kind = 'limit reached'
                  AND e.key = concat_ws('/', l.source, l.bank, l.currency, $5::text, now_at.limit_minor))
ORDER BY l.source, l.bank, l.currency;

-- name: used (each limit as it stands on a day)
SELECT l.source, l.bank, l.currency, l.per_day,
       limit_of_day(l.source, l.bank, l.currency, $5, l.per_day) AS limit_minor, coalesce(u.sent_minor, 0) AS used_minor
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS l (source, bank, currency, per_day)
LEFT JOIN limit_use u ON (u.source, u.bank, u.currency, u.day) = (l.source, l.bank, l.currency, $5::date)
ORDER BY l.source, l.bank, l.currency;

-- name: raise (the CHECK refuses one person twice)
INSERT INTO limit_override (decision_no, source, bank, currency, day, limit_minor, asked_by, confirmed_by, confirmed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);
