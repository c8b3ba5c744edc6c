SELECT version, position, event_id, type, schema_version, time, data,
       command_id, correlation_id, causation_id, actor, saga_id, trace_parent
FROM events
WHERE category = $1 AND id = $2 AND version >= $3 AND version <= $4
ORDER BY version
LIMIT $5;
