"""A release whose migrations did not run meets columns and tables that are not there.

Fix: apply the pending migrations in order, then run again.
See: https://www.postgresql.org/docs/current/ddl-alter.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.errors import EvidenceMissing
from gonogo.nouns import DatabaseCatalogue


@check(title="Every migration is applied", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_pending(migrations: DatabaseCatalogue) -> None:
    """The ledger table against the release's migration files. A ledger that cannot be read proves nothing."""
    applied = migrations.catalogue.applied_migrations
    if applied is None:
        raise EvidenceMissing(
            "invalid", f"the migration ledger cannot be read: {migrations.catalogue.migrations_error}"
        )
    if not migrations.expected_migrations:
        raise EvidenceMissing(
            "invalid", "no migration is expected; set `directory` or `expected` in [databases.migrations]"
        )
    report(
        Finding.of(migrations.declared.name, seen="not applied", wanted="applied", what=f"migration {name}")
        for name in migrations.expected_migrations
        if name not in applied
    )
