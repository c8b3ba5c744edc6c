-- Wakes the readers of all processes once this commit is visible to them.
SELECT pg_notify('waybill_' || 'events'::regclass::oid, CAST($1 AS text));
