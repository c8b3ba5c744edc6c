INSERT INTO due (category, id, due_at, since) VALUES ($1, $2, $3, $4)
-- The time is never the one that stood: who has yet to settle for that one must not settle for this.
ON CONFLICT (category, id) DO UPDATE
SET due_at = min(due.due_at - 1, excluded.due_at);
