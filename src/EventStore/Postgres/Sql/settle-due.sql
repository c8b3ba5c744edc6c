-- Locked in the order of the key, as appends lock them too.
WITH settled AS (
    SELECT due.category, due.id, s.next
    FROM jsonb_to_recordset(CAST($1 AS jsonb)) AS s (category text, id text, at bigint, next bigint)
    JOIN due ON due.category = s.category AND due.id = s.id
        AND due.due_at = timestamptz 'epoch' + s.at * interval '1 microsecond'
    ORDER BY due.category, due.id
    FOR UPDATE OF due)
UPDATE due SET due_at = timestamptz 'epoch' + settled.next * interval '1 microsecond'
FROM settled
WHERE due.category = settled.category AND due.id = settled.id;
