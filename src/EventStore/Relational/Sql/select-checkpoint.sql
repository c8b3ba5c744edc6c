SELECT position FROM checkpoints WHERE reader = $1;
