-- One process migrates; the others wait and then find it done.
SELECT pg_advisory_xact_lock(1463900237);
