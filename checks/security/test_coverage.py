"""Headers that stand on the start page only protect the start page only: errors, redirects and other nodes are doors too.

Fix: nginx `add_header … always;` at the level of the server, once; one configuration for every node.
See: https://nginx.org/en/docs/http/ngx_http_headers_module.html
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.nouns import Again, Response, Surface

EVERYWHERE = ("strict-transport-security", "x-content-type-options")
"""For any kind of answer."""
ON_PAGES = ("content-security-policy", "x-frame-options", "referrer-policy")
"""For answers with markup."""
COMPARED = (
    *EVERYWHERE, *ON_PAGES, "permissions-policy", "cross-origin-opener-policy", "cross-origin-embedder-policy", "cross-origin-resource-policy"
)  # fmt: skip


def _lacking(home: Response, others: tuple[Response, ...]) -> list[Finding]:
    """Headers that the start page has and another answer has not."""
    findings = []
    for other in others:
        markup = (other.exchange.value("content-type") or "").strip().lower().startswith("text/html")
        findings += [
            Finding.of(other.subject, seen="absent", wanted="the same as on the start page", what=name.title())
            for name in (*EVERYWHERE, *(ON_PAGES if markup and other.kind != "redirect" else ()))
            if home.exchange.values(name) and not other.exchange.values(name)
        ]
    return findings


@check(
    title="Errors, assets and the API are protected too",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
)
def test_errors(surface: Surface) -> None:
    """nginx without `always` adds headers to successful answers only; a static host often adds none to its assets."""
    report(_lacking(surface.of("page")[0], surface.of("missing", "api", "asset")))


@check(
    title="Redirects to the site are protected too", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_redirects(surface: Surface) -> None:
    """A visitor who types the short name meets the redirect first; without HSTS there the next visit begins in the clear."""
    redirects = tuple(one for one in surface.of("redirect") if one.exchange.location is not None)
    report(_lacking(surface.of("page")[0], redirects))


@check(
    title="Every answer of a page is protected alike", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_repeats(page_again: Again) -> None:
    """A page asked for again must carry the same headers: one node without them is one visitor in three without them."""
    first, second = page_again.first, page_again.second
    report(
        Finding.of(
            page_again.page.path,
            seen=f"{'absent' if second.values(name) == () else 'present'} the second time",
            wanted="the same in every answer",
            what=name.title(),
        )
        for name in COMPARED
        if bool(first.values(name)) != bool(second.values(name))
    )
