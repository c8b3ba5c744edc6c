-- In the order of the key, so that two processes lock the same rows in the same order.
INSERT INTO due (category, id, due_at, since)
SELECT d.category, d.id, timestamptz 'epoch' + min(d.at) * interval '1 microsecond', $2
FROM jsonb_to_recordset(CAST($1 AS jsonb)) AS d (category text, id text, at bigint)
GROUP BY d.category, d.id
ORDER BY d.category, d.id
-- The time is never the one that stood: who has yet to settle for that one must not settle for this.
ON CONFLICT (category, id) DO UPDATE
SET due_at = least(due.due_at - interval '1 microsecond', excluded.due_at);
