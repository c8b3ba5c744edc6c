-- Until the transaction ends. How long it waits for locks, and holds them while its process is silent, stays limited.
SELECT set_config('statement_timeout', $1, true);
