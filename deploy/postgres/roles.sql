-- Two roles for Waybill on PostgreSQL: the owner makes and migrates the tables; the runtime role, as which Waybill runs,
-- reads and appends events, and can neither change nor remove one. The rows of read models are the runtime role's own.
--
--     psql -d waybill -v owner=waybill_owner -v runtime=waybill -v schema=waybill -f roles.sql
--
-- Run it as a superuser in Waybill's database: once, so that `./run migrate --postgres ...` finds its place as the owner,
-- and again after each migration, for the rights to the new tables. It can be repeated at any time, also under load. The
-- values above are the defaults. Neither role has a password yet: \password sets it.

\set ON_ERROR_STOP on
\if :{?owner}
\else
    \set owner waybill_owner
\endif
\if :{?runtime}
\else
    \set runtime waybill
\endif
\if :{?schema}
\else
    \set schema waybill
\endif

BEGIN;

SELECT format('CREATE ROLE %I LOGIN', name)
FROM (VALUES (:'owner'), (:'runtime')) AS role (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- Both find the tables without naming the schema. Whatever stands there already, made by one user for all, is the
-- owner's from now on.
CREATE SCHEMA IF NOT EXISTS :"schema";
ALTER SCHEMA :"schema" OWNER TO :"owner";
ALTER ROLE :"owner" IN DATABASE :"DBNAME" SET search_path = :"schema";
ALTER ROLE :"runtime" IN DATABASE :"DBNAME" SET search_path = :"schema";
SELECT format('ALTER TABLE %I.%I OWNER TO %I', schemaname, tablename, :'owner')
FROM pg_tables
WHERE schemaname = :'schema' AND tableowner <> :'owner' AND tablename !~ '_v[0-9]+_g[0-9]+$'
\gexec

-- The runtime role's rights are those of this list and no others.
GRANT USAGE, CREATE ON SCHEMA :"schema" TO :"runtime";  -- Read models are made, and made anew, at run time.
REVOKE ALL ON ALL TABLES IN SCHEMA :"schema" FROM :"runtime";
SELECT format('GRANT %s ON %I.%I TO %I', rights, schemaname, tablename, :'runtime')
FROM pg_tables JOIN (VALUES
    ('schema_versions', 'SELECT'),
    ('events',          'SELECT, INSERT'),
    ('chain_start',     'SELECT'),
    ('checkpoints',     'SELECT, INSERT, UPDATE'),
    ('snapshots',       'SELECT, INSERT, UPDATE'),
    ('subject_keys',    'SELECT, INSERT, DELETE'),  -- Forgetting a subject deletes its key.
    ('read_models',     'SELECT, INSERT, UPDATE'),
    ('projections',     'SELECT, INSERT, UPDATE, DELETE'),
    ('parked_runs',     'SELECT, INSERT, UPDATE, DELETE'),
    ('parked_acts',     'SELECT, INSERT'),
    ('notices',         'SELECT, INSERT, DELETE'),
    ('due',             'SELECT, INSERT, UPDATE, DELETE'),
    ('idempotency_keys', 'SELECT, INSERT, UPDATE, DELETE')
) AS allowed (name, rights) ON name = tablename
WHERE schemaname = :'schema'
\gexec

-- A read model's generations, named by version and generation, and the view of the live one. A new owner, but not a
-- right, has everybody wait who reads: it is given only where it is not given yet.
SELECT format(
    CASE WHEN owner <> :'runtime' THEN 'ALTER TABLE %1$I.%2$I OWNER TO %3$I; ' ELSE '' END
        || 'GRANT ALL ON %1$I.%2$I TO %3$I',
    schema, name, :'runtime')
FROM (
    SELECT schemaname, tablename, tableowner FROM pg_tables WHERE tablename ~ '_v[0-9]+_g[0-9]+$'
    UNION ALL SELECT schemaname, viewname, viewowner FROM pg_views WHERE viewname ~ '_v[0-9]+$'
) AS rows (schema, name, owner)
WHERE schema = :'schema'
\gexec

COMMIT;
