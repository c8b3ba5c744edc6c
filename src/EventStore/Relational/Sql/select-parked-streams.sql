SELECT run_id, category, id, last_version
FROM parked_runs
WHERE read_model = $1 AND generation = $2
  AND (CAST($3 AS integer) IS NULL OR slot % CAST($4 AS integer) = CAST($3 AS integer));
