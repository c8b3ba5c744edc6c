-- OFFSET 0 keeps the stream out of the search: by the stream's index every event of it would be looked at.
SELECT version, position
FROM (SELECT category, id, version, position FROM events WHERE command_id = $1 OFFSET 0) AS of_command
WHERE category = $2 AND id = $3
ORDER BY version DESC
LIMIT 1;
