-- In the order of the key, so that two processes lock the same rows in the same order.
UPDATE idempotency_keys AS k SET answer = e.answer, lease_end = $2, request = coalesce(e.request, k.request)
FROM (
    SELECT s.key, s.request, s.answer
    FROM jsonb_to_recordset(CAST($1 AS jsonb)) AS s (key text, request text, answer text)
    JOIN idempotency_keys AS locked ON locked.key = s.key
    ORDER BY locked.key
    FOR UPDATE OF locked) AS e
WHERE k.key = e.key AND k.answer IS NULL;
