-- Readers of the log by queue; a chain of hashes; encrypted fields; checkpoints and snapshots.
ALTER TABLE events ADD COLUMN slot INTEGER NOT NULL DEFAULT 0;  -- 0 to 255, by stream; queues are made of slots
UPDATE events SET slot = slot_of(category, id);
ALTER TABLE events ADD COLUMN hash BLOB;    -- over this row and the hash before it; null where the chain had not begun
ALTER TABLE events ADD COLUMN key_id BLOB;  -- under which the personal fields are encrypted; null without such fields

-- Forgetting a subject deletes its row here, and with it every personal field of the subject.
CREATE TABLE subject_keys (
    key_id     BLOB PRIMARY KEY,            -- a UUID, big-endian
    subject    TEXT    NOT NULL UNIQUE,
    key        BLOB    NOT NULL,
    created_at INTEGER NOT NULL             -- microseconds since 1970-01-01T00:00:00Z
);

-- How far each reader of the log has come.
CREATE TABLE checkpoints (
    reader   TEXT PRIMARY KEY,
    position INTEGER NOT NULL
);

-- Folded states, to shorten the next fold. Losing them costs time only.
CREATE TABLE snapshots (
    category TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    shape    TEXT    NOT NULL,              -- of the state, and of the code that folded it
    version  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    state    BLOB    NOT NULL,              -- JSON
    PRIMARY KEY (category, id)
) WITHOUT ROWID;

-- The position after which the chain of hashes begins: where the log ended when it was migrated. One row, never changed.
CREATE TABLE chain_start (
    position INTEGER NOT NULL
);
INSERT INTO chain_start (position) SELECT coalesce(max(position), 0) FROM events;
