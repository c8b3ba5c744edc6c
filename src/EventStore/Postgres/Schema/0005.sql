-- Finds what one request set off, in whichever streams.
CREATE INDEX events_by_correlation ON events (correlation_id COLLATE "C", position);
