"""A release whose migrations did not run meets columns and tables that are not there.

Fix: apply the pending migrations in order, then run again.
See: https://www.postgresql.org/docs/current/ddl-alter.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.database.fixtures import DatabaseCatalogue
from gonogo.errors import EvidenceMissing


@check(
    title="Every migration is applied",
    severity=Severity.CRITICAL,
    profiles={"smoke", "nightly"},
    where=lambda _, database: database.migrations,
    needs="[databases.migrations]",
)
def test_pending(database: DatabaseCatalogue) -> None:
    """The ledger table against the release's migration files. A ledger that cannot be read proves nothing."""
    applied = database.catalogue.applied_migrations
    if applied is None:
        raise EvidenceMissing("invalid", f"the migration ledger cannot be read: {database.catalogue.migrations_error}")
    if not database.expected_migrations:
        raise EvidenceMissing(
            "invalid", "no migration is expected; set `directory` or `expected` in [databases.migrations]"
        )
    report(
        Finding.of(database.declared.name, seen="not applied", wanted="applied", what=f"migration {name}")
        for name in database.expected_migrations
        if name not in applied
    )
