UPDATE parked_runs
SET last_version = $4, last_position = $5
WHERE run_id = $3 AND read_model = $1 AND generation = $2;
