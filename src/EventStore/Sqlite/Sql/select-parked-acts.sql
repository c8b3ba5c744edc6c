SELECT act_id, run_id, category, id, act, actor, time, result
FROM parked_acts
WHERE read_model = $1 AND ($2 IS NULL OR run_id = $2)
ORDER BY time DESC
LIMIT $3;
