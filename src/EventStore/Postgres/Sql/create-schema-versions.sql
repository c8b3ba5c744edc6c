CREATE TABLE IF NOT EXISTS schema_versions (
    version    integer     PRIMARY KEY,
    applied_at timestamptz NOT NULL
);
