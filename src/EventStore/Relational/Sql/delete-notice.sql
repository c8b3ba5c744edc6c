DELETE FROM notices WHERE read_model = $1 AND event_id = $2;
