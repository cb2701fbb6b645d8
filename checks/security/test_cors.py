"""An API that lets any site read its answers gives each visitor's data to whatever page the visitor opens.

Fix: compare Origin with a list of exact origins; answer others without `Access-Control-Allow-Origin`; always send `Vary: Origin`.
See: https://fetch.spec.whatwg.org/#http-cors-protocol
Family: CORS
"""

from __future__ import annotations

from collections.abc import Iterator

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.cors import Cors, CorsAnswer
from gonogo.concerns.security.pages import security
from gonogo.formats import cache_control
from gonogo.probes.http.facts import Exchange

MAX_PREFLIGHT_S = 7200
"""Chromium keeps a preflight no longer; a longer one is a mistake in a unit."""
BY_PARTS = ("subdomain", "lookalike", "unescaped")


def _allowed(exchange: Exchange) -> str:
    """Several fields are one value to browsers (Fetch §2.2.2 get), and no origin then."""
    return ", ".join(exchange.values("access-control-allow-origin")).strip()


def _credentials(exchange: Exchange) -> bool:
    return ", ".join(exchange.values("access-control-allow-credentials")).strip() == "true"


def _exchanges(answer: CorsAnswer) -> tuple[Exchange, Exchange]:
    return (answer.simple, answer.preflight)


def _granted(answer: CorsAnswer) -> bool:
    """One of the two answers names the origin."""
    return any(_allowed(exchange) == answer.origin for exchange in _exchanges(answer))


def _with_credentials(answer: CorsAnswer) -> bool:
    return any(_allowed(one) == answer.origin and _credentials(one) for one in _exchanges(answer))


def _hostile(cors: Cors, *kinds: str) -> Iterator[CorsAnswer]:
    declared = set(cors.security.origins)
    return (one for one in cors.answers if one.kind in kinds and one.origin not in declared)


def _told(cors: Cors, answer: CorsAnswer) -> bool:
    """Whether the finding about just any origin says it already: as bad, or worse."""
    return any(
        _granted(one) and (_with_credentials(one) or not _with_credentials(answer)) for one in _hostile(cors, "foreign")
    )


def _finding(cors: Cors, answer: CorsAnswer) -> Finding:
    method = "GET" if _allowed(answer.simple) == answer.origin else "OPTIONS"
    return Finding.of(
        f"{method} {cors.path}",
        seen=f"allowed to read answers, credentials {'too' if _with_credentials(answer) else 'not'}",
        wanted="refused",
        what=f"Origin {answer.origin}",
    )


@check(title="No foreign origin reads private answers", severity=Severity.CRITICAL, profiles={"security", "nightly"})
def test_reflected_with_credentials(cors: Cors) -> None:
    """Whatever origin asks is named and credentials are allowed: any page can use the visitor's session."""
    report(_finding(cors, one) for one in _hostile(cors, "foreign") if _granted(one) and _with_credentials(one))


@check(title="Foreign origins are not repeated back", severity=Severity.HIGH, profiles={"security", "nightly"})
def test_reflected(cors: Cors) -> None:
    """Without credentials the answers are still readable from inside a visitor's network. A public API sends `*` instead."""
    report(_finding(cors, one) for one in _hostile(cors, "foreign") if _granted(one) and not _with_credentials(one))


@check(title="The origin `null` is refused", severity=Severity.CRITICAL, profiles={"security", "nightly"})
def test_null(cors: Cors) -> None:
    """A sandboxed frame of any site has the origin `null`."""
    report(_finding(cors, one) for one in _hostile(cors, "null") if _granted(one) and not _told(cors, one))


@check(title="Origins are compared whole", severity=Severity.CRITICAL, profiles={"security", "nightly"})
def test_compared_whole(cors: Cors) -> None:
    """A comparison of the beginning or the end lets `www.example.org.evil.example` or `evilexample.org` in; a dot of a
    regular expression without its backslash `wwwxexample.org`.

    See: https://portswigger.net/web-security/cors
    """
    by_end = any(_granted(one) for one in _hostile(cors, "lookalike"))
    report(
        _finding(cors, one)
        for one in _hostile(cors, *BY_PARTS)
        if _granted(one) and not _told(cors, one) and not (by_end and one.kind == "unescaped")
    )


@check(title="The insecure origin is refused", severity=Severity.HIGH, profiles={"security", "nightly"})
def test_plain_http(cors: Cors) -> None:
    """Whoever controls the network controls http://, and reads through it what HTTPS protects."""
    report(_finding(cors, one) for one in _hostile(cors, "plain") if _granted(one) and not _told(cors, one))


@check(title="`*` is not combined with credentials", severity=Severity.MEDIUM, profiles={"security", "nightly"})
def test_wildcard_with_credentials(cors: Cors) -> None:
    """Browsers refuse the pair, so whoever wrote it expects something that never works, and may reflect next."""
    pairs = [
        one
        for one in cors.answers
        for exchange in _exchanges(one)
        if _allowed(exchange) == "*" and _credentials(exchange)
    ]
    if pairs:
        report(
            [
                Finding.of(
                    cors.path, seen="`*` with credentials", wanted="one of the two", what="Access-Control-Allow-Origin"
                )
            ]
        )


@check(title="Caches keep answers to origins apart", severity=Severity.MEDIUM, profiles={"security", "nightly"})
def test_vary(cors: Cors) -> None:
    """An answer that names one origin, kept by a cache, locks the others out, or lets them in; so does one that names none.

    Preflights are not judged: no HTTP cache keeps the answer to OPTIONS (RFC 9110 §9.3.7).
    See: https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches
    """
    if len({_allowed(one.simple) for one in cors.answers}) < 2:
        return  # the same for everybody
    named = [
        exchange
        for one in cors.answers
        for exchange in (one.simple,)
        if (_allowed(exchange) != "*" if _allowed(exchange) else _reused(exchange)) and not _varies(exchange)
    ]
    if named:
        report(
            [
                Finding.of(
                    cors.path, seen=repr(", ".join(named[0].values("vary")))[:80], wanted="Origin among it", what="Vary"
                )
            ]
        )


def _reused(exchange: Exchange) -> bool:
    """A cache answers with it again without asking: it has a lifetime, said or, by its Last-Modified, assumed (RFC 9111 §4.2).

    Most answers of an API have none, and for them a Vary that frameworks leave out costs nobody anything.
    """
    fields = exchange.values("cache-control")
    said = cache_control.parse(fields)
    # Nor does a CDN keep what is no-store, unless a field of its own (RFC 9213) says otherwise.
    if "no-cache" in said or ("no-store" in said and not exchange.values("cdn-cache-control")):
        return False
    lifetimes = [cache_control.seconds(said, name) for name in ("max-age", "s-maxage")]
    if any(one is not None for one in lifetimes):
        return any(lifetimes)
    return (
        bool(exchange.values("last-modified")) and cache_control.shared_storage(fields, status=exchange.status).allowed
    )


def _varies(exchange: Exchange) -> bool:
    said = {part.strip().lower() for field in exchange.values("vary") for part in field.split(",")}
    return bool({"origin", "*"} & said)


@check(
    title="Declared origins are served",
    severity=Severity.HIGH,
    profiles={"security", "nightly"},
    where=lambda environment, _: security(environment).origins,
    needs="[security] origins",
)
def test_declared(cors: Cors) -> None:
    """The positive control: the first of `security.origins` must be allowed, or a front end on it is broken."""
    answer = next(one for one in cors.answers if one.kind == "declared")
    report(
        Finding.of(
            f"{exchange.method} {cors.path}",
            seen=repr(_allowed(exchange)[:60]) if _allowed(exchange) else "absent",
            wanted=answer.origin,
            what="Access-Control-Allow-Origin",
        )
        for exchange in _exchanges(answer)
        if _allowed(exchange) not in {answer.origin, "*"}
    )


@check(
    title="Preflights allow what is needed, for a while",
    severity=Severity.LOW,
    profiles={"security", "nightly"},
    where=lambda environment, _: security(environment).origins,
    needs="[security] origins",
)
def test_methods(cors: Cors) -> None:
    """Methods beyond those that the environment declares for the path, and answers that are kept longer than two hours."""
    preflight = next(one for one in cors.answers if one.kind == "declared").preflight
    methods = {
        part.strip().upper() for field in preflight.values("access-control-allow-methods") for part in field.split(",")
    }
    findings = []
    if extra := sorted(methods - cors.methods - {"", "POST"}):
        wanted = ", ".join(sorted(cors.methods))
        findings.append(
            Finding.of(cors.path, seen=", ".join(extra)[:80], wanted=wanted, what="Access-Control-Allow-Methods")
        )
    age = (preflight.value("access-control-max-age") or "").strip()
    if age.isascii() and age.isdigit() and int(age[:12]) > MAX_PREFLIGHT_S:
        findings.append(
            Finding.of(cors.path, seen=age[:20], wanted=f"at most {MAX_PREFLIGHT_S}", what="Access-Control-Max-Age")
        )
    report(findings)
