"""A verifier that could write would be one mistake away from damage; so would be whoever steals its password.

Fix: create the role from `environments/sql/verifier_roles.sql`.
See: https://www.postgresql.org/docs/current/ddl-priv.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.database.fixtures import DatabaseCatalogue
from gonogo.errors import EvidenceMissing


@check(title="The verifier's role can only read", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_read_only(database: DatabaseCatalogue) -> None:
    """No superuser, and no right to change any table."""
    catalogue = database.catalogue
    findings = (
        [Finding.of(database.declared.name, seen="superuser", wanted="an ordinary role", what=f"role {catalogue.role}")]
        if catalogue.superuser
        else []
    )
    findings += [
        Finding.of(table.name, seen="writable", wanted="readable only", what=f"for role {catalogue.role}")
        for table in catalogue.tables
        if table.writable
    ]
    report(findings)
    if not catalogue.tables:
        raise EvidenceMissing("invalid", f"role {catalogue.role} sees no table, so what it may do there is not known")
