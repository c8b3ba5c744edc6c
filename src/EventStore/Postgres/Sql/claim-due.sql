-- What another process is claiming at this moment is left to it.
UPDATE due SET due_at = $2
WHERE (category, id) IN (
    SELECT category, id FROM due WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING category, id, due_at;
