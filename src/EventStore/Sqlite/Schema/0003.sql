-- Read models: which there are, how far their projections have come, and what these could not apply.
CREATE TABLE read_models (
    read_model          TEXT PRIMARY KEY,   -- name and version; the view of its live rows has this name
    shape               TEXT    NOT NULL,   -- a hash of its columns
    live_generation     INTEGER NOT NULL,   -- generation 2's rows are in the table <read_model>_g2
    last_generation     INTEGER NOT NULL,   -- the highest there ever was
    replaced_generation INTEGER,            -- was live before; its table is to be dropped
    building_generation INTEGER,            -- being built beside the live one
    token               INTEGER NOT NULL,   -- of the last lease to build
    build_position      INTEGER NOT NULL,   -- up to which that one is built
    started_by          TEXT,
    started_at          INTEGER,            -- microseconds since 1970-01-01T00:00:00Z, as all times
    built_at            INTEGER             -- when it last came further
);

-- How far each projection has come in each queue of the log.
CREATE TABLE projections (
    read_model  TEXT    NOT NULL,
    queue       INTEGER NOT NULL,
    queue_count INTEGER NOT NULL,
    generation  INTEGER NOT NULL,           -- the live one
    position    INTEGER NOT NULL,
    PRIMARY KEY (read_model, queue)
) WITHOUT ROWID;

-- Streams whose events wait, because one could not be applied.
CREATE TABLE parked_runs (
    run_id         BLOB PRIMARY KEY,        -- a UUID, big-endian
    read_model     TEXT    NOT NULL,
    generation     INTEGER NOT NULL,
    category       TEXT    NOT NULL,
    id             TEXT    NOT NULL,
    slot           INTEGER NOT NULL,        -- of the stream, as in events
    first_version  INTEGER NOT NULL,
    first_position INTEGER NOT NULL,
    last_version   INTEGER NOT NULL,
    last_position  INTEGER NOT NULL,
    cause          TEXT    NOT NULL,
    parked_at      INTEGER NOT NULL,
    attempts       TEXT    NOT NULL,        -- JSON
    notified_to    INTEGER NOT NULL DEFAULT 0,  -- events up to it have been told of, before a rebuild
    UNIQUE (read_model, generation, category, id)
);
CREATE INDEX parked_runs_by_position ON parked_runs (read_model, generation, first_position);

-- What was done to them by whom.
CREATE TABLE parked_acts (
    act_id     BLOB PRIMARY KEY,            -- a UUID, big-endian
    run_id     BLOB    NOT NULL,
    read_model TEXT    NOT NULL,
    category   TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    act        TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    time       INTEGER NOT NULL,
    result     TEXT    NOT NULL
);
CREATE INDEX parked_acts_by_time ON parked_acts (read_model, time);

-- Notifications that are still to be delivered.
CREATE TABLE notices (
    read_model TEXT    NOT NULL,
    event_id   BLOB    NOT NULL,            -- a UUID, big-endian
    position   INTEGER NOT NULL,
    category   TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    slot       INTEGER NOT NULL,
    data       TEXT    NOT NULL,            -- JSON
    PRIMARY KEY (read_model, event_id)
) WITHOUT ROWID;
CREATE INDEX notices_by_position ON notices (read_model, position);
