SELECT version, position
FROM events
WHERE command_id = $1 AND category = $2 AND id = $3
ORDER BY version DESC
LIMIT 1;
