-- A new token: whoever still builds is to be told so, even if another rebuild takes the place of this one.
UPDATE read_models
SET replaced_generation = building_generation, building_generation = NULL, token = token + 1, build_position = 0
WHERE read_model = $1;
