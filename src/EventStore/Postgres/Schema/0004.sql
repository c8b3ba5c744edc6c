-- Who has to be woken, and when: sagas with open work or a deadline.
CREATE TABLE due (
    category text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL,
    due_at   timestamptz,           -- null for one that waits for a person
    since    timestamptz NOT NULL,  -- when it was entered first
    stuck    text,                  -- what a person must deal with
    PRIMARY KEY (category, id)
);

CREATE INDEX due_by_time ON due (due_at);
