SELECT count(*) FROM notices
WHERE read_model = $1 AND slot % CAST($3 AS integer) = CAST($2 AS integer);
