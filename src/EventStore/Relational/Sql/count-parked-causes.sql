SELECT cause, count(*)
FROM parked_runs
WHERE read_model = $1 AND generation = (SELECT live_generation FROM read_models WHERE read_model = $1)
GROUP BY cause
ORDER BY count(*) DESC, cause;
