-- The data comes as UTF-8 bytes; the cast stores them as text, readable in any SQLite shell.
INSERT INTO events (
    position, category, id, version, event_id, type, schema_version, time, data,
    command_id, correlation_id, causation_id, actor, saga_id, trace_parent, slot, hash, key_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CAST($9 AS TEXT), $10, $11, $12, $13, $14, $15, $16, $17, $18);
