-- For each command of each append: what it did to that stream. OFFSET 0 as in select-command.
SELECT sent.n::int, recorded.version, recorded.position
FROM unnest($1, $2, $3) WITH ORDINALITY AS sent (category, id, command_id, n)
CROSS JOIN LATERAL (
    SELECT of_command.version, of_command.position
    FROM (
        SELECT e.category, e.id, e.version, e.position
        FROM events AS e
        WHERE e.command_id = sent.command_id
        OFFSET 0) AS of_command
    WHERE of_command.category = sent.category AND of_command.id = sent.id
    ORDER BY of_command.version DESC
    LIMIT 1) AS recorded;
