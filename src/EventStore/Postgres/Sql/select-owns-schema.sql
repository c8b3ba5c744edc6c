-- Whether this user owns the schema in which tables would be made: only its owner's tables are safe from the runtime
-- role, which may make tables too, for its read models.
SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = current_schema();
