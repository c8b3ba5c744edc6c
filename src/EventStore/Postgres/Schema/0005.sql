-- Finds what one request set off, in whichever streams.
CREATE INDEX events_by_correlation ON events (correlation_id COLLATE "C", position);

-- Sagas that wait for a person are found in the read model of all sagas, and are not due.
DELETE FROM due WHERE due_at IS NULL;
ALTER TABLE due DROP COLUMN stuck;
ALTER TABLE due ALTER COLUMN due_at SET NOT NULL;
