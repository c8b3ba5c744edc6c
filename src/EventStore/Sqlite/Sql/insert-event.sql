-- The data comes as UTF-8 bytes; the cast stores them as text, readable in any SQLite shell.
INSERT INTO events (
    position, category, id, version, event_id, type, schema_version, time, data,
    command_id, correlation_id, causation_id, actor, saga_id, trace_parent)
VALUES (
    $position, $category, $id, $version, $event_id, $type, $schema_version, $time, CAST($data AS TEXT),
    $command_id, $correlation_id, $causation_id, $actor, $saga_id, $trace_parent);
