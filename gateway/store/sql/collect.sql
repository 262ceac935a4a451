-- name: silent (paid over the counter, and nothing said that it was collected, refused or came back; 2048: the bank books
-- before the payee has it, so only credited counts; 4: credited, 8 and 16: booked, 64, 128, 256, 512: refused or back)
SELECT a.attempt_no, a.order_no, a.bank, o.collect_until
FROM payment_order o
JOIN attempt a ON a.order_no = o.order_no AND NOT a.closed
JOIN submission s ON s.submission_no = a.submission_no AND s.state IN ('sending', 'delivered', 'unknown')
JOIN unnest($1::text[], $2::date[]) AS quiet (bank, ended_before) ON quiet.bank = a.bank AND o.collect_until < quiet.ended_before
WHERE o.collect_until IS NOT NULL
  AND (a.facts & (4 | 64 | 128 | 256 | 512) = 0 AND (a.facts & 2048 <> 0 OR a.facts & (8 | 16) = 0))
  AND NOT EXISTS (SELECT FROM exception e WHERE e.kind = 'unclaimed' AND e.key = a.attempt_no::text)
ORDER BY a.attempt_no LIMIT $3;

-- name: spoken (exceptions about silence that is over: something was said of the attempt, or it is closed)
SELECT e.key FROM exception e JOIN attempt a ON a.attempt_no = e.attempt_no
WHERE e.kind = 'unclaimed' AND e.state <> 'closed'
  AND (a.closed OR a.facts & (4 | 64 | 128 | 256 | 512) <> 0 OR a.facts & 2048 = 0 AND a.facts & (8 | 16) <> 0)
ORDER BY e.key LIMIT $1;

-- name: unclaimed (of these orders those paid over the counter, and how often a bank said that nobody came)
SELECT o.order_no, o.source, o.benefit, o.document, o.valid_until, o.collect_from, o.collect_until,
       (SELECT count(*) FROM attempt a WHERE a.order_no = o.order_no AND a.closed AND a.reason = ANY ($2::text[])) AS times
FROM payment_order o
WHERE o.order_no = ANY ($1::bigint[]) AND o.state = 'payable' AND o.collect_until IS NOT NULL ORDER BY o.order_no;

-- name: reissue (paid once more from that day on, in another window of the row that was signed)
UPDATE payment_order o SET next_try_on = $2::date, collect_from = r.first, collect_until = r.last
FROM unnest($1::bigint[], $3::date[], $4::date[]) AS r (order_no, first, last)
WHERE o.order_no = r.order_no AND o.state = 'payable';
