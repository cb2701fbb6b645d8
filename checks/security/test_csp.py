"""A content security policy stops injected script from running; a weak one only looks as if it did.

Judged over the intersection of all enforced policies, of headers and meta elements: a weakness counts only where no policy
blocks it, and one cause is one finding. Without any policy only the first check speaks.

Fix: `Content-Security-Policy: default-src 'self'; script-src 'nonce-RANDOM' 'strict-dynamic'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`, with a new nonce in each response.
See: https://www.w3.org/TR/CSP3/
Family: Content-Security-Policy
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Again, Document, security
from gonogo.formats import cache_control, csp, csp_review, html, json_text, reporting_endpoints
from gonogo.formats.addresses import is_address
from gonogo.formats.csp_review import Remark
from gonogo.probes.http.facts import Exchange

HEADER = "content-security-policy"


def _findings(where: str, remarks: Iterable[Remark]) -> list[Finding]:
    return [Finding.said(where, seen=one.seen, wanted=one.wanted, message=one.message) for one in remarks]


def _report(document: Document, remarks: Iterable[Remark]) -> None:
    report(_findings(document.page.path, remarks))


@check(title="A content security policy is enforced", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_present(document: Document) -> None:
    """Report-only policies protect nobody."""
    if document.is_html and not document.policies:
        seen = "report-only" if document.exchange.values(f"{HEADER}-report-only") else "absent"
        report([Finding.of(document.page.path, seen=seen, wanted="enforced", what="Content-Security-Policy")])


@check(
    title="Nonces differ from answer to answer", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"}
)
def test_nonce_fresh(page_again: Again) -> None:
    """A nonce that comes twice is a password that everybody knows; one in an answer that caches may keep comes again too."""
    where = page_again.page.path
    first, second = (
        csp_review.enforced(one.values(HEADER), html.read(one.body)) for one in (page_again.first, page_again.second)
    )
    findings = _findings(where, csp_review.nonce_fresh(first, second))
    for exchange, policies in ((page_again.first, first), (page_again.second, second)):
        if not findings and csp.nonces(policies) and (kept := _kept(exchange)):
            findings.append(Finding.of(where, seen=kept, wanted="private or no-store", what="a page with a nonce"))
    report(findings)


def _kept(exchange: Exchange) -> str:
    """How a shared cache has kept the answer, or may hand it out unasked; empty when it says neither.

    What must be asked for again each time, or may not be stored, comes with a nonce of its own. A lifetime that a cache
    would only guess is none.
    """
    age = (exchange.value("age") or "").strip()
    if age.isascii() and age.isdigit() and int(age[:9]):
        return f"kept by a cache (Age {age[:9]})"
    hit = next((name for name in CACHES if "hit" in (exchange.value(name) or "").lower()), "")
    if hit:
        return f"kept by a cache ({hit}: {exchange.value(hit)[:40]})"  # type: ignore[index]
    if said := cache_control.kept_by_cdns(exchange.values):
        return f"for a CDN to keep ({said})"
    values, expires = exchange.values("cache-control"), exchange.values("expires")
    date = cache_control.http_date(exchange.value("date") or "") or datetime.fromisoformat(exchange.ended)
    lifetime = cache_control.shared_lifetime(values, expires=expires, date=date)
    stored = cache_control.shared_storage(values, status=exchange.status, expires=bool(expires))
    if not stored.allowed or lifetime == 0 or (lifetime is None and stored.why != "public"):
        return ""
    return f"for shared caches to keep ({stored.why}{'' if lifetime is None else f', {lifetime} s'})"


CACHES = ("cf-cache-status", "x-cache", "x-vercel-cache", "x-cache-status", "cache-status", "x-proxy-cache")


@check(title="Reports of violations have an address", severity=Severity.LOW, profiles={"smoke", "security", "nightly"})
def test_reporting(document: Document) -> None:
    """`report-to` must name an endpoint of Reporting-Endpoints, or nobody hears of violations; reports hold addresses of
    pages, so `report-uri` must not send them in the clear.

    See: https://www.w3.org/TR/reporting-1/
    """
    endpoints = reporting_endpoints.parse(document.exchange.values("reporting-endpoints"), url=document.exchange.url)
    known = set() if isinstance(endpoints, str) else set(endpoints.urls)
    known |= _groups(document.exchange.values("report-to"))
    insecure = [
        Remark(address[:100], "an https address", f"report-uri sends reports in the clear, to {address[:100]}")
        for policy in document.policies
        for address in policy.directive("report-uri") or ()
        if address.lower().startswith("http:")
    ]
    _report(document, (*csp_review.reporting(document.policies, known), *insecure))


def _groups(values: Iterable[str]) -> set[str]:
    """Groups of the older Report-To header: JSON objects in a list without brackets."""
    try:
        members = json_text.parse(f"[{','.join(values)}]")
    except json_text.NotJson:
        return set()
    return (
        {str(one.get("group", "default")) for one in members if isinstance(one, dict)}
        if isinstance(members, list)
        else set()
    )


@check(
    title="Inline scripts carry the nonce of the CSP", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_nonce_used(document: Document) -> None:
    """A template that forgot to fill in the nonce, or a cache that kept an old page, breaks the page's own scripts."""
    _report(document, csp_review.nonce_used(document.policies, document.markup))


@check(
    title="Policies in the page are read by browsers",
    severity=Severity.MEDIUM,
    profiles={"smoke", "security", "nightly"},
)
def test_meta(document: Document) -> None:
    """A `<meta>` policy counts in the head only, for what follows it, and without frame-ancestors, sandbox and reporting.

    See: https://html.spec.whatwg.org/multipage/semantics.html#attr-meta-http-equiv-content-security-policy
    """
    _report(document, csp_review.meta(document.policies, document.markup))


@check(title="Pages load nothing in the clear", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_mixed_content(document: Document) -> None:
    """Scripts and frames over http are blocked, pictures betray what is read; `upgrade-insecure-requests` turns them all.

    See: https://www.w3.org/TR/upgrade-insecure-requests/
    """
    _report(document, csp_review.mixed_content(document.policies, document.markup, document.exchange.url))


@check(title="The framing rule stands in the CSP", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_frame_ancestors(document: Document) -> None:
    """X-Frame-Options alone cannot name sites, and a `<meta>` policy cannot say it. Where neither protects, framing has its own check.

    Family: Framing
    """
    if document.exchange.values("x-frame-options"):
        _report(document, csp_review.frame_ancestors(document.policies))


@check(
    title="The CSP names no address of a developer", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_local_source(document: Document) -> None:
    """`localhost` and IP addresses are left over from development; whoever runs something there is trusted."""
    if not is_address(urlsplit(document.exchange.url).hostname or ""):
        _report(document, csp_review.local_source(document.policies))


@check(
    title="The CSP is understood as it is written", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"}
)
def test_syntax(document: Document) -> None:
    """An unknown directive, a forgotten semicolon or a keyword without quotes turns the rule into another one."""
    _report(document, csp_review.syntax(document.policies))


@check(title="No directive of the CSP stands twice", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_duplicate(document: Document) -> None:
    """Browsers obey the first and ignore the later one, which is often the stricter."""
    _report(document, csp_review.duplicate(document.policies))


@check(title="The CSP governs scripts", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_script_missing(document: Document) -> None:
    """Neither script-src nor default-src: whatever is injected runs."""
    _report(document, csp_review.script_missing(document.policies))


@check(title="The CSP lets no inline script run", severity=Severity.CRITICAL, profiles={"smoke", "security", "nightly"})
def test_script_inline(document: Document) -> None:
    """Injected markup is inline script; `'unsafe-inline'` without nonce or hash lets it run, in elements or in handlers."""
    _report(document, csp_review.script_unsafe_inline(document.policies))


@check(
    title="The CSP trusts no script of just anybody",
    severity=Severity.CRITICAL,
    profiles={"smoke", "security", "nightly"},
)
def test_script_wildcard(document: Document) -> None:
    """`*`, `https:`, `data:` and `blob:` are open to whoever can write into the page."""
    _report(document, csp_review.script_wildcard(document.policies))


@check(
    title="The CSP lets no text be run as script", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"}
)
def test_script_eval(document: Document) -> None:
    """`'unsafe-eval'` turns a string that an attacker controls into script."""
    _report(document, csp_review.script_unsafe_eval(document.policies))


@check(
    title="The CSP admits no event handlers by hash", severity=Severity.LOW, profiles={"smoke", "security", "nightly"}
)
def test_unsafe_hashes(document: Document) -> None:
    """An injected element can carry the handler that the hash admits."""
    _report(document, csp_review.unsafe_hashes(document.policies))


@check(
    title="`'strict-dynamic'` has a nonce or hash beside it",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
)
def test_strict_dynamic(document: Document) -> None:
    """Alone it blocks every script of the page."""
    _report(document, csp_review.strict_dynamic(document.policies))


@check(
    title="Trusted script hosts serve nobody's orders",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
)
def test_allowlist_bypass(document: Document) -> None:
    """Hosts with JSONP, AngularJS or anybody's files run an attacker's script under a trusted name.

    See: https://research.google/pubs/pub45542/
    """
    _report(document, csp_review.allowlist_bypass(document.policies))


@check(title="The CSP keeps plug-ins out", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_object_src(document: Document) -> None:
    """object-src or default-src; old plug-ins run script that no other directive sees."""
    _report(document, csp_review.object_src(document.policies))


@check(title="The CSP fixes the base address", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_base_uri(document: Document) -> None:
    """An injected `<base>` sends every relative script to another host; with nonces that gets round the policy."""
    _report(document, csp_review.base_uri(document.policies))


@check(title="The CSP says where forms may go", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_form_action(document: Document) -> None:
    """An injected form sends what a visitor types anywhere; default-src does not stand in for form-action."""
    _report(document, csp_review.form_action(document.policies))


@check(title="The CSP has a default", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_default_src(document: Document) -> None:
    """What no directive names is open."""
    _report(document, csp_review.default_src(document.policies))


@check(title="The CSP trusts nothing in the clear", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_insecure_scheme(document: Document) -> None:
    """A source of http:, ftp: or ws: can be altered on the way."""
    _report(document, csp_review.insecure_scheme(document.policies))


@check(title="`'none'` stands alone", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_none_alone(document: Document) -> None:
    """Beside other sources it is ignored."""
    _report(document, csp_review.none_mixed(document.policies))


@check(title="Nonces cannot be guessed", severity=Severity.HIGH, profiles={"smoke", "security", "nightly"})
def test_nonce_entropy(document: Document) -> None:
    """At least 128 random bits; a word, a counter or an unfilled template is none.

    See: https://www.w3.org/TR/CSP3/#security-nonces
    """
    _report(document, csp_review.nonce_entropy(document.policies))


@check(title="The CSP uses no outdated directive", severity=Severity.LOW, profiles={"smoke", "security", "nightly"})
def test_deprecated(document: Document) -> None:
    """Browsers ignore it, and with it what somebody relied on."""
    _report(document, csp_review.deprecated(document.policies))


@check(title="Trusted Types names its policies", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_trusted_type_names(document: Document) -> None:
    """`trusted-types *` lets any script make a policy of its own.

    See: https://www.w3.org/TR/trusted-types/
    """
    _report(document, csp_review.trusted_types_names(document.policies))


@check(
    title="Trusted Types are demanded",
    severity=Severity.LOW,
    profiles={"smoke", "security", "nightly"},
    where=lambda environment, _: security(environment).trusted_types,
    needs="[security] trusted_types",
)
def test_trusted_types(document: Document) -> None:
    """Judged where `security.trusted_types` asks for it: text cannot reach innerHTML and its like unchecked."""
    _report(document, csp_review.trusted_types(document.policies))


@check(
    title="The CSP lets no inline style in",
    severity=Severity.LOW,
    profiles={"smoke", "security", "nightly"},
    where=lambda environment, _: not security(environment).inline_styles,
    needs="[security] inline_styles = false",
)
def test_style_inline(document: Document) -> None:
    """Judged where `security.inline_styles` is false: injected styles can read values and hide what they like."""
    _report(document, csp_review.style_inline(document.policies))
