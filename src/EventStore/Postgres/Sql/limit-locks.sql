-- Until the transaction ends: what several share must not wait for what only one of them needs.
SELECT set_config('lock_timeout', '100ms', true);
