-- What stands where an append expects to write: the same ids mean that an earlier attempt got there.
SELECT event_id, position
FROM events
WHERE category = $1 AND id = $2 AND version > $3
ORDER BY version
LIMIT $4;
