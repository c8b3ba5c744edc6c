-- Who has to be woken, and when: sagas with open work or a deadline. Times are microseconds since 1970-01-01T00:00:00Z.
CREATE TABLE due (
    category TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    due_at   INTEGER,           -- null for one that waits for a person
    since    INTEGER NOT NULL,  -- when it was entered first
    stuck    TEXT,              -- what a person must deal with
    PRIMARY KEY (category, id)
) WITHOUT ROWID;

CREATE INDEX due_by_time ON due (due_at);
