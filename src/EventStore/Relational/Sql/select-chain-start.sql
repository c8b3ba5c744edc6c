SELECT position FROM chain_start;
