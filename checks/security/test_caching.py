"""A shared cache that keeps one user's answer hands it to the next one.

Fix: answer requests with credentials with `Cache-Control: no-store`, or `private, no-cache`.
See: https://www.rfc-editor.org/rfc/rfc9111#section-3
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.limits import PrivateAnswer
from gonogo.formats.cache_control import kept_by_cdns, parse, seconds, shared_storage
from gonogo.probes.http.facts import Exchange


def _contradicted(exchange: Exchange) -> str:
    """What stands against `private`: caches differ in which one they obey. Against no-store nothing does."""
    said = parse(exchange.values("cache-control"))
    if "no-store" in said:
        return ""
    return "public" if "public" in said else "s-maxage" if seconds(said, "s-maxage") else ""


@check(
    title="Shared caches keep no private answer", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"}
)
def test_private_answers(private_answer: PrivateAnswer) -> None:
    """Judged for the API's answers to roles and for `security.private_paths`, by what is said, not by what a cache assumes:
    one that does not know the credentials' header or cookie keeps what nothing forbids."""
    exchange = private_answer.exchange
    storage = shared_storage(
        exchange.values("cache-control"),
        status=exchange.status,
        authorization=private_answer.authorized,
        expires=bool(exchange.values("expires")),
    )
    why = storage.why if storage.allowed else kept_by_cdns(exchange.values) or _contradicted(exchange)
    if why:
        seen = f"stored by shared caches ({why})"
        report([Finding.of(private_answer.subject, seen=seen, wanted="no-store or private", what="the answer")])
