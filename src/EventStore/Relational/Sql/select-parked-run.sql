SELECT run_id, category, id, first_version, first_position, last_version, last_position, cause, parked_at, attempts,
       notified_to
FROM parked_runs
WHERE run_id = $2 AND read_model = $1
  AND generation = (SELECT live_generation FROM read_models WHERE read_model = $1);
