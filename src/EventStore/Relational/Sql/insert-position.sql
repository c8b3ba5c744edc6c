INSERT INTO projections (read_model, queue, queue_count, generation, position) VALUES ($1, $2, $3, $4, $5);
