INSERT INTO notices (read_model, event_id, position, category, id, slot, data) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (read_model, event_id) DO NOTHING;
