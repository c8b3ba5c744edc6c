-- The events of some positions, $1 < position <= $2, that pass a filter: queue $3 of $4, category $5, type $6.
-- Only positions have an index. What is looked at in vain is bounded by $2; an index would cost every append.
SELECT event_id, category, id, version, position, type, schema_version, time, data,
       command_id, correlation_id, causation_id, actor, saga_id, trace_parent, key_id,
       CASE WHEN key_id IS NOT NULL
           THEN (SELECT known.key FROM subject_keys AS known WHERE known.key_id = events.key_id) END
FROM events
WHERE position > $1 AND position <= $2
  AND (CAST($3 AS integer) IS NULL OR slot % CAST($4 AS integer) = CAST($3 AS integer))
  AND (CAST($5 AS text) IS NULL OR category = CAST($5 AS text))
  AND (CAST($6 AS text) IS NULL OR type = CAST($6 AS text))
ORDER BY position
LIMIT $7;
