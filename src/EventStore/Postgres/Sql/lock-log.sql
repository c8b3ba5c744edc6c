-- The append lock of this log, held until its transaction has ended and is visible to all. Whoever sees a position has
-- therefore seen all before it. An advisory lock leaves no dead rows behind, needs no right to update anything, and
-- keeps neither readers nor vacuum out. The first key says that it is ours, the second which log of this database it is.
SELECT pg_advisory_xact_lock(1463900236, 'events'::regclass::oid::int);
