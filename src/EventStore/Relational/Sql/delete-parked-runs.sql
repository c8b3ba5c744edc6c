DELETE FROM parked_runs WHERE read_model = $1 AND generation = $2;
