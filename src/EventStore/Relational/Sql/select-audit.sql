-- The rows of the log as they are stored, each column in the order in which it is hashed, then the hash; and whether the
-- version before it in its stream stands before it in the log.
SELECT position, category, id, version, slot, event_id, type, schema_version, time, data,
       command_id, correlation_id, causation_id, actor, saga_id, trace_parent, key_id, hash,
       version = 1 OR EXISTS (
           SELECT 1
           FROM events AS earlier
           WHERE earlier.category = events.category AND earlier.id = events.id
             AND earlier.version = events.version - 1 AND earlier.position < events.position)
FROM events
WHERE position > $1
ORDER BY position
LIMIT $2;
