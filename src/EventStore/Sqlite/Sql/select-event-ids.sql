-- What stands where an append expects to write: the same ids mean that an earlier attempt got there.
SELECT event_id, position
FROM events
WHERE category = $category AND id = $id AND version > $after_version
ORDER BY version
LIMIT $limit;
