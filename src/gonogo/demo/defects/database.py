"""The defects of the database, and how each is done to the running demo; see faults.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gonogo.demo.defects.defect import Defect, network
from gonogo.demo.defects.fault import Fault, Switch

READS = "gonogo_verifier"

# A row policy that asks a slow function once a query; the application's own role is not held up.
SLOW_POLICY = f"""
create function audit_access() returns boolean language plpgsql as
    'begin perform pg_sleep(0.2); return true; end';
alter table events enable row level security;
create policy audited on events for select to {READS} using ((select audit_access()));
create policy application on events to acme_app using (true);
"""
FAST_POLICY = """
alter table events disable row level security;
drop policy if exists audited on events;
drop policy if exists application on events;
drop function if exists audit_access();
"""


DATABASE_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "database-unreachable": Fault(switch=Switch.CLOSED_DATABASE),
        "database-plaintext": Fault(switch=Switch.PLAIN_DATABASE),
        "verifier-writes": Fault(
            break_sql=f"grant insert, delete on error_logs to {READS}",
            mend_sql=f"revoke insert, delete on error_logs from {READS}",
        ),
        "column-missing": Fault(
            break_sql="alter table error_logs rename column stack to trace",
            mend_sql="alter table error_logs rename column trace to stack",
        ),
        "table-missing": Fault(
            break_sql="alter table performance_metrics rename to performance_metrics_old",
            mend_sql="alter table performance_metrics_old rename to performance_metrics",
        ),
        "index-missing": Fault(
            break_sql="drop index events_session",
            mend_sql="create index events_session on events (session_id, occurred_at)",
        ),
        "index-invalid": Fault(
            break_sql="update pg_index set indisvalid = false where indexrelid = 'events_session'::regclass",
            mend_sql="update pg_index set indisvalid = true where indexrelid = 'events_session'::regclass",
        ),
        "migration-pending": Fault(
            break_sql="delete from schema_migrations where version = '0004'",
            mend_sql="insert into schema_migrations (version) values ('0004')",
        ),
        "query-slow": Fault(break_sql=SLOW_POLICY, mend_sql=FAST_POLICY),
    }
)

DATABASE_DEFECTS: tuple[Defect, ...] = (
    network("database-unreachable", "Nothing listens on the database's port", "database.connection.reachable"),
    network("database-plaintext", "The database accepts sessions without TLS", "database.connection.tls"),
    network("verifier-writes", "The verifier's role may write", "database.role.read-only"),
    network("column-missing", "A declared column has another name", "database.schema.tables"),
    network("table-missing", "A declared table has another name", "database.schema.tables"),
    network("index-missing", "The index on sessions is gone", "database.schema.indexes"),
    network("index-invalid", "The index on sessions is invalid", "database.schema.indexes"),
    network("migration-pending", "The last migration is not recorded", "database.migrations.pending"),
    network("query-slow", "A row policy calls a slow function", "database.queries.latency"),
)
