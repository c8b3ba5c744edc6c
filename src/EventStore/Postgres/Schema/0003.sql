-- Read models: which there are, how far their projections have come, and what these could not apply.
CREATE TABLE read_models (
    read_model          text COLLATE "C" PRIMARY KEY,  -- name and version; the view of its live rows has this name
    shape               text    NOT NULL,              -- a hash of its columns
    live_generation     bigint  NOT NULL,              -- generation 2's rows are in the table <read_model>_g2
    last_generation     bigint  NOT NULL,              -- the highest there ever was
    replaced_generation bigint,                        -- was live before; its table is to be dropped
    building_generation bigint,                        -- being built beside the live one
    token               bigint  NOT NULL,              -- of the last lease to build
    build_position      bigint  NOT NULL,              -- up to which that one is built
    started_by          text,
    started_at          timestamptz,
    built_at            timestamptz                    -- when it last came further
);

-- How far each projection has come in each queue of the log.
CREATE TABLE projections (
    read_model  text COLLATE "C" NOT NULL,
    queue       integer          NOT NULL,
    queue_count integer          NOT NULL,
    generation  bigint           NOT NULL,  -- the live one
    position    bigint           NOT NULL,
    PRIMARY KEY (read_model, queue)
) WITH (fillfactor = 50);                   -- updated all the time, and then in place

-- Streams whose events wait, because one could not be applied.
CREATE TABLE parked_runs (
    run_id         uuid             PRIMARY KEY,
    read_model     text COLLATE "C" NOT NULL,
    generation     bigint           NOT NULL,
    category       text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    slot           smallint         NOT NULL,  -- of the stream, as in events
    first_version  bigint           NOT NULL,
    first_position bigint           NOT NULL,
    last_version   bigint           NOT NULL,
    last_position  bigint           NOT NULL,
    cause          text COLLATE "C" NOT NULL,
    parked_at      timestamptz      NOT NULL,
    attempts       text             NOT NULL,  -- JSON
    notified_to    bigint           NOT NULL DEFAULT 0,  -- events up to it have been told of, before a rebuild
    UNIQUE (read_model, generation, category, id)
);
CREATE INDEX parked_runs_by_position ON parked_runs (read_model, generation, first_position);

-- What was done to them by whom.
CREATE TABLE parked_acts (
    act_id     uuid             PRIMARY KEY,
    run_id     uuid             NOT NULL,
    read_model text COLLATE "C" NOT NULL,
    category   text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    act        text             NOT NULL,
    actor      text             NOT NULL,
    time       timestamptz      NOT NULL,
    result     text             NOT NULL
);
CREATE INDEX parked_acts_by_time ON parked_acts (read_model, time);

-- Notifications that are still to be delivered.
CREATE TABLE notices (
    read_model text COLLATE "C" NOT NULL,
    event_id   uuid             NOT NULL,
    position   bigint           NOT NULL,
    category   text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    slot       smallint         NOT NULL,
    data       text             NOT NULL,  -- JSON
    PRIMARY KEY (read_model, event_id)
);
CREATE INDEX notices_by_position ON notices (read_model, position);
