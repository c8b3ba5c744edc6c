UPDATE read_models
SET last_generation = $2, building_generation = $2, token = token + 1, build_position = 0,
    started_by = $3, started_at = $4, built_at = $4
WHERE read_model = $1;
