-- The fence of a projection for several queues, see move-position: those that were found are moved, and returned. Each
-- queue comes once. In their order, so that two processes lock the same rows in the same order.
UPDATE projections AS p
SET position = moved.after
FROM unnest($3, $4, $5, $6) AS moved (queue, queue_count, before, after)
WHERE p.read_model = $1 AND p.queue = moved.queue AND p.queue_count = moved.queue_count AND p.generation = $2
  AND p.position = moved.before
RETURNING p.queue;
