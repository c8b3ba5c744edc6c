SELECT first_version FROM parked_runs WHERE run_id = $3 AND read_model = $1 AND generation = $2;
