-- In the order of the key, so that two processes lock the same rows in the same order.
INSERT INTO due (category, id, due_at, since)
SELECT d.category, d.id, timestamptz 'epoch' + min(d.at) * interval '1 microsecond', $2
FROM jsonb_to_recordset(CAST($1 AS jsonb)) AS d (category text, id text, at bigint)
GROUP BY d.category, d.id
ORDER BY d.category, d.id
ON CONFLICT (category, id) DO UPDATE SET due_at = least(due.due_at, excluded.due_at), stuck = NULL;
