-- name: ages_of_submissions (payments by the age of their approval; a bucket's mean lies in the bucket)
SELECT count(*) AS payments, avg(age)::float8 AS seconds
FROM (SELECT greatest(extract(epoch FROM $2::timestamptz - o.approved_at), 0)::float8 AS age
      FROM attempt a JOIN payment_order o ON o.order_no = a.order_no
      WHERE a.submission_no = ANY ($1::bigint[])) ages
GROUP BY width_bucket(age, $3::float8[]);

-- name: ages_of_orders
SELECT count(*) AS payments, avg(age)::float8 AS seconds
FROM (SELECT greatest(extract(epoch FROM $2::timestamptz - o.approved_at), 0)::float8 AS age
      FROM payment_order o WHERE o.order_no = ANY ($1::bigint[])) ages
GROUP BY width_bucket(age, $3::float8[]);
