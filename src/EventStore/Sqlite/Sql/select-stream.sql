SELECT version, position, event_id, type, schema_version, time, data,
       command_id, correlation_id, causation_id, actor, saga_id, trace_parent
FROM events
WHERE category = $category AND id = $id AND version >= $from_version AND version <= $to_version
ORDER BY version
LIMIT $limit;
