-- A checkpoint never goes back: of two readers that both believe a queue to be theirs, the one ahead is right.
INSERT INTO checkpoints (reader, position) VALUES ($1, $2)
ON CONFLICT (reader) DO UPDATE SET position = excluded.position WHERE excluded.position > checkpoints.position;
