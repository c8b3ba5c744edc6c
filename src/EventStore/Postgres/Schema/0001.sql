-- The log. A row is never updated and never deleted.
-- Names compare by their bytes: it is faster, and no new version of a locale can disorder the index.
CREATE TABLE events (
    position       bigint           PRIMARY KEY,  -- 1, 2, 3, ... without gaps, in commit order
    category       text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    version        bigint           NOT NULL,     -- 1, 2, 3, ... without gaps within (category, id)
    event_id       uuid             NOT NULL,
    type           text             NOT NULL,
    schema_version integer          NOT NULL,
    time           timestamptz      NOT NULL,     -- never falling
    data           json             NOT NULL,     -- json, not jsonb: it keeps what was written to the letter
    command_id     uuid             NOT NULL,
    correlation_id text             NOT NULL,
    causation_id   text,
    actor          text             NOT NULL,
    saga_id        text,
    trace_parent   text,
    UNIQUE (category, id, version)                -- the fence of optimistic concurrency
);

-- Finds what a command did when it is sent again.
CREATE INDEX events_by_command ON events (command_id);
