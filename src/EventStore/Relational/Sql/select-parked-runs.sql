SELECT run_id, category, id, first_version, first_position, last_version, last_position, cause, parked_at, attempts,
       notified_to
FROM parked_runs
WHERE read_model = $1 AND generation = (SELECT live_generation FROM read_models WHERE read_model = $1)
  AND first_position > $2 AND (CAST($3 AS text) IS NULL OR cause = CAST($3 AS text))
ORDER BY first_position
LIMIT $4;
