-- The channel on which commits to this log are told; another log in the same database has another table.
SELECT 'waybill_' || 'events'::regclass::oid;
