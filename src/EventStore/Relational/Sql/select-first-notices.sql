SELECT event_id, position, category, id, data
FROM notices
WHERE read_model = $1 AND position IN (
    SELECT min(position)
    FROM notices
    WHERE read_model = $1 AND slot % CAST($3 AS integer) = CAST($2 AS integer)
    GROUP BY category, id)
ORDER BY position
LIMIT $4;
