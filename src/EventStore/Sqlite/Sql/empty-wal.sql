-- Writes everything into the database file and cuts the WAL to nothing, with every old copy of a page in it.
PRAGMA wal_checkpoint(TRUNCATE);
