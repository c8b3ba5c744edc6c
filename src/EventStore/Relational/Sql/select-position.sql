SELECT queue_count, generation, position, revision FROM projections WHERE read_model = $1 AND queue = $2;
