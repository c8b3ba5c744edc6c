-- LIKE would take the wildcards in a name for more than they are.
SELECT reader, position FROM checkpoints WHERE substr(reader, 1, length($1)) = $1;
