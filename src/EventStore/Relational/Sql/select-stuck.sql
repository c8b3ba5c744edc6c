SELECT category, id, stuck, since
FROM due
WHERE due_at IS NULL AND stuck IS NOT NULL AND (CAST($1 AS text) IS NULL OR category = CAST($1 AS text))
ORDER BY since, category, id
LIMIT $2;
