UPDATE due SET due_at = s.next
FROM (
    SELECT json_extract(value, '$.category') AS category, json_extract(value, '$.id') AS id, json_extract(value, '$.at') AS at,
           json_extract(value, '$.next') AS next
    FROM json_each($1)) AS s
WHERE due.category = s.category AND due.id = s.id AND due.due_at = s.at;
