DELETE FROM due
USING jsonb_to_recordset(CAST($1 AS jsonb)) AS s (category text, id text, at bigint, next bigint)
WHERE due.category = s.category AND due.id = s.id AND s.next IS NULL
  AND due.due_at = timestamptz 'epoch' + s.at * interval '1 microsecond';
