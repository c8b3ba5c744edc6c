-- One snapshot for each stream. Another shape's is replaced, since it is another release's.
INSERT INTO snapshots (category, id, shape, version, position, state) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (category, id) DO UPDATE
SET shape = excluded.shape, version = excluded.version, position = excluded.position, state = excluded.state
WHERE excluded.shape <> snapshots.shape OR excluded.version > snapshots.version;
