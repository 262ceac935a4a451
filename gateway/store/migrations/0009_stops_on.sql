-- Every identifier that a stop on a person stops: the one it names and all that orders of the source carried together with it.
CREATE FUNCTION stopped_persons() RETURNS TABLE (stop_no bigint, source text, identifier text)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE person (stop_no, source, identifier) AS (
        SELECT s.stop_no, s.source, person_key(s.value) FROM stop s WHERE s.state = 'active' AND s.kind = 'person'
        UNION
        SELECT p.stop_no, p.source, l.other
        FROM person p
        JOIN (SELECT source, low AS one, high AS other FROM person_link
              UNION ALL SELECT source, high, low FROM person_link) l
          ON l.one = p.identifier AND (p.source = '*' OR p.source = l.source)
    )
    SELECT stop_no, source, identifier FROM person
$$;

-- The one definition of who is stopped, with mandates, in canonical forms, and joined by key: its cost grows with orders
-- plus stops, not with their product.
CREATE OR REPLACE FUNCTION stops_on(orders bigint[]) RETURNS TABLE (order_no bigint, stop_no bigint)
LANGUAGE sql STABLE AS $$
    SELECT o.order_no, s.stop_no
    FROM payment_order o
    CROSS JOIN LATERAL (VALUES ('order', o.order_id COLLATE "default"), ('account', account_key(o.account)), ('benefit', o.benefit),
                               ('source', o.source), ('mandate', o.mandate_id)) AS has (kind, value)
    JOIN stop s ON s.state = 'active' AND s.kind = has.kind AND (s.source = '*' OR s.source = o.source)
        AND CASE s.kind WHEN 'account' THEN account_key(s.value) ELSE s.value END = has.value
    WHERE o.order_no = ANY (orders) AND EXISTS (SELECT FROM stop WHERE state = 'active')
    UNION
    SELECT a.order_no, s.stop_no
    FROM attempt a
    JOIN stop s ON s.state = 'active' AND s.kind = 'bank' AND s.value = a.bank
    JOIN payment_order o ON o.order_no = a.order_no AND (s.source = '*' OR s.source = o.source)
    WHERE a.order_no = ANY (orders) AND NOT a.closed AND EXISTS (SELECT FROM stop WHERE state = 'active' AND kind = 'bank')
    UNION
    SELECT o.order_no, p.stop_no
    FROM payment_order o
    CROSS JOIN LATERAL unnest(o.person_keys) AS has (identifier)
    JOIN stopped_persons() p ON p.identifier = has.identifier AND (p.source = '*' OR p.source = o.source)
    WHERE o.order_no = ANY (orders) AND EXISTS (SELECT FROM stop WHERE state = 'active' AND kind = 'person')
$$;
