-- The log. A row is never updated and never deleted.
CREATE TABLE events (
    position       INTEGER PRIMARY KEY,  -- 1, 2, 3, ... without gaps, in commit order
    category       TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    version        INTEGER NOT NULL,     -- 1, 2, 3, ... without gaps within (category, id)
    event_id       BLOB    NOT NULL,     -- a UUID, big-endian
    type           TEXT    NOT NULL,
    schema_version INTEGER NOT NULL,
    time           INTEGER NOT NULL,     -- microseconds since 1970-01-01T00:00:00Z, never falling
    data           TEXT    NOT NULL,     -- JSON
    command_id     BLOB    NOT NULL,     -- a UUID, big-endian
    correlation_id TEXT    NOT NULL,
    causation_id   TEXT,
    actor          TEXT    NOT NULL,
    saga_id        TEXT,
    trace_parent   TEXT,
    UNIQUE (category, id, version)       -- the fence of optimistic concurrency
);

-- Finds what a command did when it is sent again.
CREATE INDEX events_by_command ON events (command_id);
