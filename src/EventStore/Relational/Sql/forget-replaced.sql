UPDATE read_models SET replaced_generation = NULL WHERE read_model = $1;
