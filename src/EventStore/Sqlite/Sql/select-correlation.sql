SELECT event_id, category, id, version, position, type, schema_version, time, data,
       command_id, correlation_id, causation_id, actor, saga_id, trace_parent, key_id,
       CASE WHEN key_id IS NOT NULL
           THEN (SELECT known.key FROM subject_keys AS known WHERE known.key_id = events.key_id) END
FROM events
WHERE correlation_id = $1 AND position > $2
ORDER BY position
LIMIT $3;
