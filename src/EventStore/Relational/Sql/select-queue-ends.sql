-- The last position of each of $3 queues that has events at some positions, $1 < position <= $2.
SELECT slot % CAST($3 AS integer), max(position)
FROM events
WHERE position > $1 AND position <= $2
GROUP BY 1;
