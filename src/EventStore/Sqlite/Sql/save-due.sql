INSERT INTO due (category, id, due_at, since)
SELECT json_extract(value, '$.category'), json_extract(value, '$.id'), min(json_extract(value, '$.at')), $2
FROM json_each($1)
GROUP BY 1, 2
-- The time is never the one that stood: who has yet to settle for that one must not settle for this.
ON CONFLICT (category, id) DO UPDATE
SET due_at = min(due.due_at - 1, excluded.due_at);
