-- The fence of a projection: of two hosts, or a host and a swap, one finds the queue where it thinks it is.
UPDATE projections
SET position = $7, revision = $8
WHERE read_model = $1 AND queue = $2 AND queue_count = $3 AND generation = $4 AND position = $5 AND revision = $6;
