UPDATE read_models
SET replaced_generation = live_generation, live_generation = building_generation, building_generation = NULL,
    token = token + 1, build_position = 0
WHERE read_model = $1;
