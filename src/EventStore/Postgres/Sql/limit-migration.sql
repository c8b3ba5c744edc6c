-- Until the transaction ends: a migration may take its time, and so may another process's that this one waits for.
SELECT set_config('statement_timeout', '0', true),
       set_config('lock_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true);
