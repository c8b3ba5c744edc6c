-- The fence of a projection for several queues, see move-position: those that were found are moved, and returned. Each
-- queue comes once. In their order, so that two processes lock the same rows in the same order.
UPDATE projections AS p
SET position = moved.to_position, revision = moved.to_revision
FROM unnest($3, $4, $5, $6, $7, $8) AS moved (
    queue, queue_count, position, revision, to_position, to_revision)
WHERE p.read_model = $1 AND p.queue = moved.queue AND p.queue_count = moved.queue_count AND p.generation = $2
  AND p.position = moved.position AND p.revision = moved.revision
RETURNING p.queue;
