-- The keys of these subjects; who has none gets the one that came along. Under the append lock, so that no other process
-- makes or deletes a key meanwhile. The second part does not see what the first one has inserted.
WITH made AS (
    INSERT INTO subject_keys (subject, key_id, key, created_at)
    SELECT fresh.subject, fresh.key_id, fresh.key, $4
    FROM unnest($1, $2, $3) AS fresh (subject, key_id, key)
    ON CONFLICT (subject) DO NOTHING
    RETURNING subject, key_id, key)
SELECT subject, key_id, key FROM made
UNION ALL
SELECT subject, key_id, key FROM subject_keys WHERE subject = ANY ($1);
