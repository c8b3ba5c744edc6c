INSERT INTO schema_versions (version, applied_at) VALUES ($1, $2);
