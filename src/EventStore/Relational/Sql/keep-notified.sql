-- Before the swap: what the live generation has applied, up to its position or to where it parked the stream too, it
-- has told of, and so had the one before it up to where that one was.
UPDATE parked_runs
SET notified_to = coalesce(
    (SELECT CASE WHEN live.first_position - 1 > live.notified_to THEN live.first_position - 1 ELSE live.notified_to END
     FROM parked_runs AS live
     WHERE live.read_model = $1 AND live.generation = $3
       AND live.category = parked_runs.category AND live.id = parked_runs.id),
    (SELECT position FROM projections WHERE read_model = $1 AND queue = parked_runs.slot % queue_count),
    0)
WHERE read_model = $1 AND generation = $2;
