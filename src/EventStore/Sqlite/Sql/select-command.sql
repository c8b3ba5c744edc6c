-- Left to itself, SQLite searches by the stream, which spares it the sorting and costs a look at every event of it.
SELECT version, position
FROM events INDEXED BY events_by_command
WHERE command_id = $1 AND category = $2 AND id = $3
ORDER BY version DESC
LIMIT 1;
