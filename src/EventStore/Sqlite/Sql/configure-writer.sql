-- WAL lets readers go on while the one writer commits; FULL makes every commit wait for the disk.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
