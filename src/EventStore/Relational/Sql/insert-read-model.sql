-- Of several that find it missing at once, one makes it; the others wait for that one and change nothing.
INSERT INTO read_models (read_model, shape, live_generation, last_generation, token, build_position)
VALUES ($1, $2, 1, 1, 0, 0)
ON CONFLICT (read_model) DO NOTHING;
