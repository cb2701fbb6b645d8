"""Headers that stand on the start page only protect the start page only: errors, redirects and other nodes are doors too.

Fix: nginx `add_header … always;` at the level of the server, once; one configuration for every node.
See: https://nginx.org/en/docs/http/ngx_http_headers_module.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.evidence.facts import Exchange
from gonogo.formats import csp, hsts, referrer_policy
from gonogo.nouns import Again, Response, Surface

NONCE = re.compile(r"'nonce-[^']*'")


def _hsts(exchange: Exchange) -> bool:
    policy = hsts.parse(exchange.values("strict-transport-security"))
    return not isinstance(policy, str) and policy.max_age > 0


def _nosniff(exchange: Exchange) -> bool:
    return (exchange.value("x-content-type-options") or "").partition(",")[0].strip().lower() == "nosniff"


def _policy(exchange: Exchange) -> bool:
    policies = csp.parse(exchange.values("content-security-policy"))
    return bool(policies) and not all(csp.allows_any_script(policy) for policy in policies)


def _framing(exchange: Exchange) -> bool:
    ancestors = any(
        policy.directive("frame-ancestors") is not None
        for policy in csp.parse(exchange.values("content-security-policy"))
    )
    return ancestors or (exchange.value("x-frame-options") or "").strip().upper() in {"DENY", "SAMEORIGIN"}


def _referrer(exchange: Exchange) -> bool:
    policy = referrer_policy.parse(exchange.values("referrer-policy"))
    return not isinstance(policy, str) and policy.policy not in {"unsafe-url", "no-referrer-when-downgrade"}


EVERYWHERE: dict[str, Callable[[Exchange], bool]] = {
    "Strict-Transport-Security": _hsts,
    "X-Content-Type-Options": _nosniff,
}
"""For any kind of answer: whether it protects."""
ON_PAGES: dict[str, Callable[[Exchange], bool]] = {
    "Content-Security-Policy": _policy,
    "X-Frame-Options": _framing,
    "Referrer-Policy": _referrer,
}
"""For answers with markup."""
COMPARED = (
    *EVERYWHERE, *ON_PAGES, "Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Resource-Policy",
)  # fmt: skip


def _weaker(home: Response, others: tuple[Response, ...]) -> list[Finding]:
    """Protections that the start page has and another answer has not."""
    findings = []
    for other in others:
        markup = (other.exchange.value("content-type") or "").strip().lower().startswith("text/html")
        judged = EVERYWHERE | (ON_PAGES if markup and other.kind != "redirect" else {})
        findings += [
            Finding.of(
                other.subject,
                seen=repr(", ".join(other.exchange.values(name))[:100]) if other.exchange.values(name) else "absent",
                wanted="the protection of the start page",
                what=name,
            )
            for name, protects in judged.items()
            if protects(home.exchange) and not protects(other.exchange)
        ]
    return findings


@check(
    title="Errors, assets and the API are protected too",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
)
def test_errors(surface: Surface) -> None:
    """nginx without `always` adds headers to successful answers only; a `max-age=0` on one error page switches HSTS off."""
    report(_weaker(surface.of("page")[0], surface.of("missing", "api", "asset")))


@check(
    title="Redirects to the site are protected too", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_redirects(surface: Surface) -> None:
    """A visitor who types the short name meets the redirect first; without HSTS there the next visit begins in the clear."""
    redirects = tuple(one for one in surface.of("redirect") if one.exchange.location is not None)
    report(_weaker(surface.of("page")[0], redirects))


def _values(exchange: Exchange, name: str) -> str:
    """A header's values, without what must differ from answer to answer."""
    return NONCE.sub("'nonce'", ", ".join(" ".join(value.split()) for value in exchange.values(name)))


@check(
    title="Every answer of a page is protected alike", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_repeats(page_again: Again) -> None:
    """A page asked for again must carry the same policy: one node without it is one visitor in three without it.

    Nonces differ, and nothing else.
    """
    first, second = page_again.first, page_again.second
    report(
        Finding.of(
            page_again.page.path,
            seen=f"{_values(second, name)[:100]!r} the second time"
            if second.values(name)
            else "absent the second time",
            wanted=repr(_values(first, name)[:100]) if first.values(name) else "absent, as the first time",
            what=name,
        )
        for name in COMPARED
        if _values(first, name) != _values(second, name)
    )
