INSERT INTO schema_versions (version, applied_at) VALUES ($version, $applied_at);
