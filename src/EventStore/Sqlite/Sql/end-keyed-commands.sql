UPDATE idempotency_keys SET answer = e.answer, lease_end = $2, request = coalesce(e.request, idempotency_keys.request)
FROM (
    SELECT json_extract(value, '$.key') AS key, json_extract(value, '$.request') AS request,
           json_extract(value, '$.answer') AS answer
    FROM json_each($1)) AS e
WHERE idempotency_keys.key = e.key AND idempotency_keys.answer IS NULL;
