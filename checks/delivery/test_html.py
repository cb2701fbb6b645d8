"""HTML that browsers keep for long keeps old releases alive: it points at assets that are gone.

Fix: send `Cache-Control: no-cache` for HTML; a shared cache may keep it by `s-maxage`.
See: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.formats.cache_control import parse, seconds
from gonogo.nouns import Document

LONGEST = 300
"""Seconds a browser may keep a page unasked: a deployment's first minutes."""


@check(title="Browsers ask again for each page", severity=Severity.HIGH, profiles={"smoke", "nightly"})
def test_revalidated(html: Document) -> None:
    """Judged by what a browser may do: `no-cache`, `no-store` or a max-age of at most five minutes."""
    directives = parse(html.exchange.values("cache-control"))
    age = seconds(directives, "max-age")
    if directives.keys() & {"no-cache", "no-store"} or (age is not None and age <= LONGEST):
        return
    seen = f"max-age={age}" if age is not None else "no max-age, so browsers guess"
    report(
        [Finding.of(html.page.path, seen=seen, wanted=f"no-cache, or max-age up to {LONGEST}", what="Cache-Control")]
    )
