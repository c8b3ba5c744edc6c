-- In the order of the key, so that two processes lock the same rows in the same order.
INSERT INTO idempotency_keys AS k (key, request, command_id, since, lease_end, holder)
SELECT DISTINCT ON (c.key) c.key, c.request, c.command, $2, $3, $4
FROM jsonb_to_recordset(CAST($1 AS jsonb)) AS c (key text COLLATE "C", request text, command text)
ORDER BY c.key
ON CONFLICT (key) DO UPDATE
SET request = excluded.request, lease_end = excluded.lease_end, holder = excluded.holder
WHERE k.answer IS NULL AND k.lease_end <= $2 AND k.request IN (excluded.request, '')
RETURNING k.key, k.request, k.command_id;
