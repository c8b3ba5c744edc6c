-- Recorded once, also when the answer to the first attempt was lost.
INSERT INTO parked_acts (act_id, run_id, read_model, category, id, act, actor, time, result)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (act_id) DO NOTHING;
