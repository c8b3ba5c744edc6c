-- Finds what one request set off, in whichever streams.
CREATE INDEX events_by_correlation ON events (correlation_id);  -- and by position, which is the row's id

-- Sagas that wait for a person are found in the read model of all sagas, and are not due.
DELETE FROM due WHERE due_at IS NULL;
ALTER TABLE due DROP COLUMN stuck;
