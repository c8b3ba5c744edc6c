SELECT shape, live_generation, last_generation, replaced_generation, building_generation, token, build_position,
       started_by, started_at, built_at
FROM read_models
WHERE read_model = $1;
