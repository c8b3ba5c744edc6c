-- Another holder's process has ended, or it would hold the file still.
INSERT INTO idempotency_keys (key, request, command_id, since, lease_end, holder)
SELECT json_extract(value, '$.key'), json_extract(value, '$.request'), json_extract(value, '$.command'), $2, $3, $4
FROM json_each($1)
WHERE true -- Without it SQLite takes what follows for a join.
ON CONFLICT (key) DO UPDATE SET request = excluded.request, lease_end = excluded.lease_end, holder = excluded.holder
WHERE answer IS NULL AND (lease_end <= $2 OR holder <> $4) AND request IN (excluded.request, '')
RETURNING key, request, command_id;
