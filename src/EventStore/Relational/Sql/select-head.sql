SELECT position, time FROM events ORDER BY position DESC LIMIT 1;
