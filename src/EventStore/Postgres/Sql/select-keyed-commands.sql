SELECT key, request, command_id, answer FROM idempotency_keys
WHERE key IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)));
