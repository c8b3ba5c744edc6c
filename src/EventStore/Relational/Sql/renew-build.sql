UPDATE read_models SET token = token + 1 WHERE read_model = $1;
