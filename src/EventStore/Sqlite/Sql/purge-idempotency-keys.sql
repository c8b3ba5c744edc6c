DELETE FROM idempotency_keys
WHERE key IN (SELECT key FROM idempotency_keys WHERE since < $1 ORDER BY since LIMIT $2);
