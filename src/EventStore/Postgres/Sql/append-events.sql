-- All events of one commit, if the log is what the writer takes it for; and then the readers of all processes are woken
-- as soon as they can see it. $1 is the position before the first event, $2 the time of all; $19 to $21 are who is to be
-- woken, and when; $22 to $24 streams with the versions that they must have, $25 to $27 commands that their streams must
-- not know. OFFSET 0 as in select-command.
WITH written AS (
    INSERT INTO events (
        position, category, id, version, event_id, type, schema_version, time, data,
        command_id, correlation_id, causation_id, actor, saga_id, trace_parent, slot, hash, key_id)
    SELECT
        $1 + e.n, e.category, e.id, e.version, e.event_id, e.type, e.schema_version, $2, e.data,
        e.command_id, e.correlation_id, e.causation_id, e.actor, e.saga_id, e.trace_parent, e.slot, e.hash, e.key_id
    FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) WITH ORDINALITY AS e (
        category, id, version, event_id, type, schema_version, data,
        command_id, correlation_id, causation_id, actor, saga_id, trace_parent, slot, hash, key_id, n)
    WHERE $1 = (SELECT coalesce(max(position), 0) FROM events)
      AND NOT EXISTS (
          SELECT FROM unnest($22, $23, $24) AS assumed (category, id, version)
          WHERE assumed.version <> coalesce((
              SELECT e.version
              FROM events AS e
              WHERE e.category = assumed.category AND e.id = assumed.id
              ORDER BY e.version DESC
              LIMIT 1), 0))
      AND NOT EXISTS (
          SELECT FROM unnest($25, $26, $27) AS sent (category, id, command_id)
          CROSS JOIN LATERAL (
              SELECT e.category, e.id
              FROM events AS e
              WHERE e.command_id = sent.command_id
              OFFSET 0) AS of_command
          WHERE of_command.category = sent.category AND of_command.id = sent.id)
    RETURNING position),
entered AS (
    -- In the order of the key, so that whoever settles many waits for this, or this for them, but never each for the other.
    INSERT INTO due (category, id, due_at, since)
    SELECT d.category, d.id, min(d.at), $2
    FROM unnest($19, $20, $21) AS d (category, id, at)
    WHERE EXISTS (SELECT FROM written)
    GROUP BY d.category, d.id
    ORDER BY d.category, d.id
    -- The time is never the one that stood: who has yet to settle for that one must not settle for this.
    ON CONFLICT (category, id) DO UPDATE
    SET due_at = least(due.due_at - interval '1 microsecond', excluded.due_at))
SELECT pg_notify('waybill_' || 'events'::regclass::oid, CAST(max(position) AS text)) FROM written HAVING count(*) > 0;
