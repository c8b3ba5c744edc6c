INSERT INTO parked_runs (
    run_id, read_model, generation, category, id, slot,
    first_version, first_position, last_version, last_position, cause, parked_at, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (run_id) DO UPDATE
SET first_version = excluded.first_version, first_position = excluded.first_position,
    last_version = excluded.last_version, last_position = excluded.last_position,
    cause = excluded.cause, attempts = excluded.attempts;
