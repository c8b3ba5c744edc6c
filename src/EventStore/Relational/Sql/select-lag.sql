-- How many events of queue $3 of $4 there are at some positions, $1 < position <= $2; when the first was recorded.
SELECT count(*), min(time)
FROM events
WHERE position > $1 AND position <= $2 AND slot % CAST($4 AS integer) = CAST($3 AS integer);
