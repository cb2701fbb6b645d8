"""A shared cache that keeps one user's answer hands it to the next one.

Fix: answer requests with credentials with `Cache-Control: no-store`, or `private, no-cache`.
See: https://www.rfc-editor.org/rfc/rfc9111#section-3
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.evidence.facts import Exchange
from gonogo.formats.cache_control import parse, shared_storage
from gonogo.nouns import PrivateAnswer


def _for_cdns(exchange: Exchange) -> bool:
    """A field for CDNs alone (RFC 9213), which they obey instead of Cache-Control, lets them keep it."""
    fields = exchange.values("cdn-cache-control")
    return bool(fields) and shared_storage(fields, status=exchange.status).allowed


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
    said = {
        name
        for header in ("cache-control", "cdn-cache-control", "surrogate-control")
        for name in parse(exchange.values(header))
    }
    public = said & {"public", "s-maxage"} or ({"cdn-cache-control"} if _for_cdns(exchange) else set())
    if storage.allowed or public:
        seen = f"stored by shared caches ({storage.why if storage.allowed else ', '.join(sorted(public))})"
        report([Finding.of(private_answer.subject, seen=seen, wanted="no-store or private", what="the answer")])
