-- WAL lets readers go on while the one writer commits; FULL makes every commit wait for the disk.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
-- What is deleted is overwritten with zeros: a subject's key is deleted so that nobody has it any more.
PRAGMA secure_delete = ON;
-- KiB. Rows of read models are written all over their tables; the usual 2 MiB would read and write their pages anew.
PRAGMA cache_size = -65536;
-- A checkpoint does not fail at once where a reader is in the midst of a page. In milliseconds.
PRAGMA busy_timeout = 1000;
