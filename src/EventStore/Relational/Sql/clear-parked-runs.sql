-- That a rebuild made a run obsolete is an act on it too, and the last one.
INSERT INTO parked_acts (act_id, run_id, read_model, category, id, act, actor, time, result)
SELECT run_id, run_id, read_model, category, id, 'cleared', $3, $4, 'The read model was rebuilt.'
FROM parked_runs
WHERE read_model = $1 AND generation = $2
ON CONFLICT (act_id) DO NOTHING;
