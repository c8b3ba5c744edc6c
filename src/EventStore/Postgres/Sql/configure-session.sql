-- An answered commit is on disk, whatever the server's default; remote_apply is that and more.
-- The limits hold on the server what this process holds for itself: no lock is kept by a process that is gone, or
-- waited for on its behalf.
-- Every statement of the store has its index. Without sequential scans the plan made while a table is still small stays
-- right when it has grown, and no statement has a better one for some of its values: it is planned once for each
-- connection. By itself the server would plan those that take arrays anew each time, for as long as it executes them.
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') <> 'remote_apply'
UNION ALL SELECT set_config('statement_timeout', $1, false)
UNION ALL SELECT set_config('lock_timeout', $1, false)
UNION ALL SELECT set_config('idle_in_transaction_session_timeout', $1, false)
UNION ALL SELECT set_config('enable_seqscan', 'off', false)
UNION ALL SELECT set_config('plan_cache_mode', 'force_generic_plan', false)
UNION ALL SELECT set_config('jit', 'off', false);
