SELECT version, position, state FROM snapshots WHERE category = $1 AND id = $2 AND shape = $3;
