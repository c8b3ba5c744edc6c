SELECT 1 FROM due WHERE due_at <= $1 LIMIT 1;
