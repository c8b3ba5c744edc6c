-- The keys under which callers sent commands, and how these were answered. Times are microseconds since
-- 1970-01-01T00:00:00Z.
CREATE TABLE idempotency_keys (
    key        TEXT    PRIMARY KEY,  -- a hash of caller, route and key
    request    TEXT    NOT NULL,     -- a hash of what was asked; empty if it was nothing that could be carried out
    command_id TEXT    NOT NULL,     -- under which it is carried out, however often it is tried
    since      INTEGER NOT NULL,
    lease_end  INTEGER NOT NULL,     -- until then whoever began it is carrying it out
    holder     TEXT    NOT NULL,     -- who that is
    answer     TEXT                  -- JSON; null until it is known
);

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (since);
