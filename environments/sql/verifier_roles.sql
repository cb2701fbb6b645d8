-- The role with which gonogo reads a PostgreSQL database: it can log in, look at the catalogs and read what you name.
--
-- Run it once in each database that an environment file declares, as a role that may create roles:
--
--     psql "$ADMIN_URL" -f environments/sql/verifier_roles.sql
--
-- then set the password where no argument list, history or log can hold it:
--
--     psql "$ADMIN_URL" -c '\password gonogo'
--
-- and put the URL into the secret store that fills ${...} in your environment file. It may be run again.

-- 1. The role. It inherits nothing, owns nothing and is no member of another role: a membership would give it that
--    role's rights to write. Two sessions at a time are enough for a run; four more are for runs side by side.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'gonogo') THEN
        CREATE ROLE gonogo;
    END IF;
END
$$;
-- Nothing is said of SUPERUSER, REPLICATION and BYPASSRLS: a new role has none, and hosted services reserve the words.
ALTER ROLE gonogo LOGIN NOINHERIT NOCREATEDB NOCREATEROLE CONNECTION LIMIT 6;

-- 2. A second wall behind the READ ONLY transaction that gonogo opens. These are defaults of the role's sessions; a
--    pooler does not see them, because gonogo asks for nothing when it connects.
ALTER ROLE gonogo SET default_transaction_read_only = on;
ALTER ROLE gonogo SET statement_timeout = '10s';
ALTER ROLE gonogo SET lock_timeout = '200ms';
ALTER ROLE gonogo SET idle_in_transaction_session_timeout = '30s';

-- 3. The database. PUBLIC usually has CONNECT already; this holds where it was revoked.
DO $$
BEGIN
    EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO gonogo', pg_catalog.current_database());
END
$$;

-- 4. The schemas of declared tables. Tables, columns, indexes and their validity are read from the catalogs, which
--    every role may read: no SELECT on your tables is needed for them.
GRANT USAGE ON SCHEMA public TO gonogo;
-- GRANT USAGE ON SCHEMA app TO gonogo;

-- 5. SELECT, on the migration ledger and on the tables of declared queries only. Name them; leave ALL TABLES alone.
-- GRANT SELECT ON public.schema_migrations TO gonogo;
-- GRANT SELECT (name, occurred_at) ON public.events TO gonogo;

-- 6. Row security: without a policy of its own the role sees no row, and a query over no rows is always fast.
-- CREATE POLICY gonogo_reads ON public.events FOR SELECT TO gonogo USING (true);

-- 7. Before PostgreSQL 15 every role may create objects in schema public. Take that away, from all of them:
-- REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- To refuse sessions without TLS, pg_hba.conf has `hostssl` lines for this role and no `host` line that matches it:
--     hostssl  all  gonogo  0.0.0.0/0  scram-sha-256
