DELETE FROM due
WHERE (category, id, due_at) IN (
    SELECT json_extract(value, '$.category'), json_extract(value, '$.id'), json_extract(value, '$.at')
    FROM json_each($1));
