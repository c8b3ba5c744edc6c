-- The fence of a rebuild: the lease, and what it has built so far.
UPDATE read_models
SET build_position = $5, built_at = $6
WHERE read_model = $1 AND token = $2 AND building_generation = $3 AND build_position = $4;
