UPDATE due SET due_at = $2
WHERE (category, id) IN (SELECT category, id FROM due WHERE due_at <= $1 ORDER BY due_at LIMIT $3)
RETURNING category, id, due_at;
