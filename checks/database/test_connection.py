"""An application without its database shows errors, or worse, half of the truth.

Fix: check the address, the role's password and the server's pg_hba.conf from where gonogo runs.
See: https://www.postgresql.org/docs/current/client-authentication.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.database.fixtures import DatabaseAnswer, DatabaseCatalogue
from gonogo.errors import EvidenceMissing


@check(title="The database accepts connections", severity=Severity.CRITICAL, profiles={"smoke", "nightly"})
def test_reachable(database_answer: DatabaseAnswer) -> None:
    """By the verifier's own role, within the declared time."""
    declared = database_answer.declared
    if database_answer.catalogue is None:
        seen = database_answer.failure.message if database_answer.failure else "no answer"
        report([Finding.of(declared.name, seen=seen, wanted="a connection")])
    elif database_answer.catalogue.connect_ms > declared.connect_max_ms:
        seen = f"{database_answer.catalogue.connect_ms:.0f} ms"
        report(
            [Finding.of(declared.name, seen=seen, wanted=f"at most {declared.connect_max_ms:g} ms", what="connecting")]
        )


@check(
    title="Database connections are encrypted",
    severity=Severity.CRITICAL,
    profiles={"smoke", "nightly"},
    where=lambda _, database: database.tls,
    needs="[[databases]] tls",
)
def test_tls(database: DatabaseCatalogue) -> None:
    """Our own connection is verified and encrypted, and one without TLS is refused: a client may not choose plain text.

    Fix: `hostssl` instead of `host` in pg_hba.conf.
    See: https://www.postgresql.org/docs/current/ssl-tcp.html
    """
    catalogue, where = database.catalogue, database.declared.name
    findings = []
    if not catalogue.tls:
        findings.append(Finding.of(where, seen="not encrypted", wanted="TLS", what="our connection"))
    if catalogue.plaintext == "accepted":
        findings.append(Finding.of(where, seen=catalogue.plaintext, wanted="refused", what="a connection without TLS"))
    report(findings)
    if catalogue.plaintext != "refused":
        raise EvidenceMissing("invalid", f"{where}: whether a connection without TLS is refused: {catalogue.plaintext}")
