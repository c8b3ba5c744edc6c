INSERT INTO subject_keys (key_id, subject, key, created_at) VALUES ($1, $2, $3, $4);
