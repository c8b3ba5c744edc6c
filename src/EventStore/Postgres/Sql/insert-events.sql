-- All events of one commit: $1 is the position before the first of them, $2 the time of all.
INSERT INTO events (
    position, category, id, version, event_id, type, schema_version, time, data,
    command_id, correlation_id, causation_id, actor, saga_id, trace_parent, slot, hash, key_id)
SELECT
    $1 + e.n, e.category, e.id, e.version, e.event_id, e.type, e.schema_version, $2, e.data,
    e.command_id, e.correlation_id, e.causation_id, e.actor, e.saga_id, e.trace_parent, e.slot, e.hash, e.key_id
FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) WITH ORDINALITY AS e (
    category, id, version, event_id, type, schema_version, data,
    command_id, correlation_id, causation_id, actor, saga_id, trace_parent, slot, hash, key_id, n);
