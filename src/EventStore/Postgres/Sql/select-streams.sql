-- For each append: the version of its stream, and what stands where it expects to write, mostly nothing. Where the same
-- ids do, an earlier attempt got there.
SELECT append.n::int, stream.version, standing.version, standing.event_id, standing.position
FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS append (category, id, expected_version, events, n)
CROSS JOIN LATERAL (
    SELECT e.version
    FROM events AS e
    WHERE e.category = append.category AND e.id = append.id
    ORDER BY e.version DESC
    LIMIT 1) AS stream
LEFT JOIN LATERAL (
    SELECT e.version, e.event_id, e.position
    FROM events AS e
    WHERE e.category = append.category AND e.id = append.id
      AND e.version > append.expected_version AND e.version <= append.expected_version + append.events
    ) AS standing ON true
ORDER BY append.n, standing.version;
