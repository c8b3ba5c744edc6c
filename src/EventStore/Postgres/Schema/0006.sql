-- The keys under which callers sent commands, and how these were answered.
CREATE TABLE idempotency_keys (
    key        text COLLATE "C" PRIMARY KEY,  -- a hash of caller, route and key
    request    text        NOT NULL,  -- a hash of what was asked; empty if it was nothing that could be carried out
    command_id text        NOT NULL,  -- under which it is carried out, however often it is tried
    since      timestamptz NOT NULL,
    lease_end  timestamptz NOT NULL,  -- until then whoever began it is carrying it out
    holder     text        NOT NULL,  -- who that is
    answer     text                   -- JSON; null until it is known
);

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (since);
