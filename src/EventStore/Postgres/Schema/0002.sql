-- Readers of the log by queue; a chain of hashes; encrypted fields; checkpoints and snapshots.
ALTER TABLE events
    ADD COLUMN slot   smallint NOT NULL DEFAULT 0,  -- 0 to 255, by stream; queues are made of slots
    ADD COLUMN hash   bytea,  -- over this row and the hash before it; null where the chain had not begun
    ADD COLUMN key_id uuid;   -- under which the personal fields are encrypted; null without such fields
UPDATE events SET slot = get_byte(sha256(convert_to(category || '-' || id, 'UTF8')), 0);
ALTER TABLE events ALTER COLUMN slot DROP DEFAULT;

-- Forgetting a subject deletes its row here, and with it every personal field of the subject.
CREATE TABLE subject_keys (
    key_id     uuid             PRIMARY KEY,
    subject    text COLLATE "C" NOT NULL UNIQUE,
    key        bytea            NOT NULL,
    created_at timestamptz      NOT NULL
);

-- How far each reader of the log has come.
CREATE TABLE checkpoints (
    reader   text COLLATE "C" PRIMARY KEY,
    position bigint           NOT NULL
);

-- Folded states, to shorten the next fold. Losing them costs time only.
CREATE TABLE snapshots (
    category text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL,
    shape    text             NOT NULL,             -- of the state, and of the code that folded it
    version  bigint           NOT NULL,
    position bigint           NOT NULL,
    state    bytea            NOT NULL,             -- JSON
    PRIMARY KEY (category, id)
);

-- The position after which the chain of hashes begins: where the log ended when it was migrated. One row, never changed.
CREATE TABLE chain_start (
    position bigint NOT NULL
);
INSERT INTO chain_start (position) SELECT coalesce(max(position), 0) FROM events;
