-- What is lost in a crash of the server is lost together with all after it, and can be made again.
SELECT set_config('synchronous_commit', 'off', true);
