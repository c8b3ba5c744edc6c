-- The one writer is alone in its transaction.
SELECT queue, queue_count, generation, position, revision FROM projections WHERE read_model = $1 ORDER BY queue;
