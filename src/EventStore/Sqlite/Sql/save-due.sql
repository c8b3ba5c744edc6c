INSERT INTO due (category, id, due_at, since)
SELECT json_extract(value, '$.category'), json_extract(value, '$.id'), min(json_extract(value, '$.at')), $2
FROM json_each($1)
GROUP BY 1, 2
ON CONFLICT (category, id) DO UPDATE
SET due_at = min(coalesce(due.due_at, excluded.due_at), excluded.due_at), stuck = NULL;
