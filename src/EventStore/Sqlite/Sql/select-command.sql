SELECT version, position
FROM events
WHERE command_id = $command_id AND category = $category AND id = $id
ORDER BY version DESC
LIMIT 1;
