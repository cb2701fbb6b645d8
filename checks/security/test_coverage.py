"""Headers that stand on the start page only protect the start page only: errors, redirects and other nodes are doors too.

Fix: nginx `add_header … always;` at the level of the server, once; one configuration for every node.
See: https://nginx.org/en/docs/http/ngx_http_headers_module.html
Family: Headers as a whole
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Again, Response, Surface
from gonogo.formats import csp, csp_review, hsts, html, referrer_policy
from gonogo.probes.http.facts import Exchange

NONCE = re.compile(r"'nonce-[^']*'")
REPORT_URI = re.compile(r"\breport-uri\b[^;]*+", re.IGNORECASE)
QUERY = re.compile(r"\?[^\s;]*+")
PAGE = re.compile(
    r"\s*+(?:<\?xml[^>]*+>\s*+|<!--(?:[^-]|-(?!->))*+-->\s*+)*+<(?:!doctype html|html|head|body|h1|script)\b",
    re.IGNORECASE,
)
"""How a browser knows markup that names no type (MIME Sniffing §7.1), as far as error pages go."""
TYPES = ("text/html", "application/xhtml+xml")


def _hsts(home: Response, other: Response) -> bool:
    """Each answer replaces what the browser stored for its host (RFC 6797 §8.1); another host has a policy of its own."""
    strong, sent = (hsts.parse(one.exchange.values("strict-transport-security")) for one in (home, other))
    if isinstance(strong, str) or strong.max_age == 0:
        return False
    if isinstance(sent, str) or sent.max_age == 0:
        return True
    if _host(home) != _host(other):
        return False
    wanted = home.security
    return sent.max_age < min(strong.max_age, wanted.hsts_max_age_s) or (
        wanted.hsts_include_subdomains and strong.include_subdomains and not sent.include_subdomains
    )


def _host(response: Response) -> str:
    return (urlsplit(response.exchange.url).hostname or "").lower()


def _nosniff(home: Response, other: Response) -> bool:
    first, second = (
        (one.exchange.value("x-content-type-options") or "").partition(",")[0].strip().lower() == "nosniff"
        for one in (home, other)
    )
    return first and not second


def _policy(home: Response, other: Response) -> bool:
    """A policy of another kind is not weaker while it lets no script run that the start page's does not."""
    policies = csp_review.enforced(other.exchange.values("content-security-policy"), html.read(other.exchange.body))
    if csp.sandboxed(policies):
        return False
    strong = csp_review.verdict(csp.parse(home.exchange.values("content-security-policy")))
    weak = csp_review.verdict(policies)
    return not strong.any_script and any(
        getattr(weak, kind) and not getattr(strong, kind) for kind in ("any_script", "inline_script", "inline_handler")
    )


def _framing(home: Response, other: Response) -> bool:
    first, second = (
        csp_review.framing(one.exchange.values("content-security-policy"), one.exchange.values("x-frame-options"))
        for one in (home, other)
    )
    return first is None and second is not None


def _referrer(home: Response, other: Response) -> bool:
    first, second = (referrer_policy.parse(one.exchange.values("referrer-policy")) for one in (home, other))
    return _keeps_quiet(first) and not _keeps_quiet(second)


def _keeps_quiet(policy: referrer_policy.ReferrerPolicy | str) -> bool:
    return not isinstance(policy, str) and policy.policy not in {"unsafe-url", "no-referrer-when-downgrade"}


EVERYWHERE: dict[str, Callable[[Response, Response], bool]] = {
    "Strict-Transport-Security": _hsts,
    "X-Content-Type-Options": _nosniff,
}
"""For any kind of answer: whether it protects less than the start page."""
ON_PAGES: dict[str, Callable[[Response, Response], bool]] = {
    "Content-Security-Policy": _policy,
    "X-Frame-Options": _framing,
    "Referrer-Policy": _referrer,
}
"""For answers with markup."""
COMPARED = (
    *EVERYWHERE, *ON_PAGES, "Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Resource-Policy",
)  # fmt: skip


def _is_page(response: Response) -> bool:
    """Whether a browser shows it as markup, in which script can run; a redirect it does not show."""
    said = (response.exchange.value("content-type") or "").strip().lower()
    is_markup = said.startswith(TYPES) if said else PAGE.match(response.exchange.body[:2000]) is not None
    return is_markup and response.kind != "redirect"


def _weaker(home: Response, others: tuple[Response, ...]) -> list[Finding]:
    """Protections that the start page has and another answer has not, or has in a weaker form."""
    return [
        Finding.of(
            other.subject, seen=_seen(other.exchange, name), wanted="the protection of the start page", what=name
        )
        for other in others
        for name, is_weaker in (EVERYWHERE | (ON_PAGES if _is_page(other) else {})).items()
        if is_weaker(home, other)
    ]


def _seen(exchange: Exchange, name: str) -> str:
    """The header that decides, as it was sent."""
    csp_values = exchange.values("content-security-policy")
    if name == "X-Frame-Options" and any(one.directive("frame-ancestors") is not None for one in csp.parse(csp_values)):
        told = csp_review.framing(csp_values, exchange.values(name))
        return repr(f"frame-ancestors {told.seen}") if told else "absent"
    return repr(", ".join(exchange.values(name))[:100]) if exchange.values(name) else "absent"


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
    """A header's values, without what may differ from answer to answer: nonces, and what reports are told apart by."""
    text = NONCE.sub("'nonce'", ", ".join(" ".join(value.split()) for value in exchange.values(name)))
    return REPORT_URI.sub(lambda found: QUERY.sub("", found[0]), text) if name == "Content-Security-Policy" else text


@check(
    title="Every answer of a page is protected alike", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_repeats(page_again: Again) -> None:
    """A page asked for again must carry the same policy: one node without it is one visitor in three without it.

    Nonces differ, and the query of a report-uri, and nothing else.
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
