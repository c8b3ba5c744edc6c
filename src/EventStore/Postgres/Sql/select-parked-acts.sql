SELECT act_id, run_id, category, id, act, actor, time, result
FROM parked_acts
WHERE read_model = $1 AND (CAST($2 AS uuid) IS NULL OR run_id = CAST($2 AS uuid))
ORDER BY time DESC
LIMIT $3;
