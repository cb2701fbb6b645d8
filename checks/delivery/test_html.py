"""HTML that browsers keep for long keeps old releases alive: it points at assets that are gone.

Fix: send `Cache-Control: no-cache` for HTML; a shared cache may keep it by `s-maxage`.
See: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Document
from gonogo.formats.cache_control import parse, seconds

LONGEST = 300
"""Seconds a browser may keep a page unasked: a deployment's first minutes."""


def _expired(html: Document) -> bool:
    """Whether an Expires header says that the page is stale at once; an invalid one does (RFC 9111 §5.3)."""
    said = html.exchange.value("expires")
    if said is None:
        return False
    try:
        expires = parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError, IndexError):
        return True
    expires = expires if expires.tzinfo else expires.replace(tzinfo=UTC)
    return expires <= datetime.fromisoformat(html.exchange.ended) + timedelta(seconds=LONGEST)


@check(title="Browsers ask again for each page", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_revalidated(html: Document) -> None:
    """Judged by what a browser may do: `no-cache`, `no-store` or a max-age of at most five minutes."""
    directives = parse(html.exchange.values("cache-control"))
    age = seconds(directives, "max-age")
    if directives.keys() & {"no-cache", "no-store"} or (age is not None and age <= LONGEST):
        return
    if age is None and _expired(html):
        return
    seen = f"max-age={age}" if age is not None else "no max-age, so browsers guess"
    report(
        [Finding.of(html.page.path, seen=seen, wanted=f"no-cache, or max-age up to {LONGEST}", what="Cache-Control")]
    )
