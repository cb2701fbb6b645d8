"""Judgements of the security rules that a defect of the demo does not show: weak values, common good sites, odd input."""

from __future__ import annotations

from dataclasses import replace

import pytest
from surface_samples import document, exchange, response, says

from checks.exposure import test_files as files
from checks.security import (
    test_caching as caching,
)  # fmt: skip
from checks.security import (
    test_content_type as content_type,
)
from checks.security import (
    test_cookies as cookies,
)
from checks.security import (
    test_cors as cors,
)
from checks.security import (
    test_coverage as coverage,
)
from checks.security import (
    test_csp as csp,
)
from checks.security import (
    test_framing as framing,
)
from checks.security import (
    test_https as https,
)
from checks.security import (
    test_integrity as integrity,
)
from checks.security import (
    test_open_redirects as open_redirects,
)
from checks.security import (
    test_referrer_policy as referrer_policy,
)
from checks.security import (
    test_server as server,
)
from gonogo.concerns.security.cors import Cors, CorsAnswer
from gonogo.concerns.security.exposure import Pried
from gonogo.concerns.security.limits import PrivateAnswer
from gonogo.concerns.security.pages import Again, Surface
from gonogo.concerns.security.ways import OpenRedirect, Redirects, redirect_host
from gonogo.environment import models
from gonogo.evidence.records import Failure, FailureKind
from gonogo.formats.leaks import LEAKS
from gonogo.probes.tls.facts import Offers
from gonogo.probes.tls.probe import doubted

GOOD = (
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"), ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'self'"), ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"), ("Content-Type", "text/html; charset=utf-8"),
)  # fmt: skip


def changed(name: str, value: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, value if key == name else old) for key, old in GOOD)


WEAK = [
    ("Strict-Transport-Security", "max-age=0"),
    ("X-Content-Type-Options", "none"),
    ("Content-Security-Policy", "default-src *"),
    ("X-Frame-Options", "ALLOWALL"),
    ("Referrer-Policy", "unsafe-url"),
]


@pytest.mark.parametrize(("name", "value"), WEAK)
def test_a_weak_value_on_an_error_is_no_protection(name: str, value: str) -> None:
    parts = (response("page", *GOOD), response("missing", *changed(name, value), status=404))
    assert says(coverage.test_errors, Surface("www.acme.test", parts)).startswith("FAIL")
    same = (response("page", *GOOD), response("missing", *GOOD, status=404))
    assert says(coverage.test_errors, Surface("www.acme.test", same)) == "PASS"


@pytest.mark.parametrize(("name", "value"), WEAK)
def test_a_node_with_another_policy_is_seen(name: str, value: str) -> None:
    first, second = exchange("", 200, *GOOD), exchange("", 200, *changed(name, value))
    assert says(coverage.test_repeats, Again(models.Page(path="/"), first, second)).startswith("FAIL")


def test_nonces_differ_and_nothing_else() -> None:
    policies = [f"script-src 'nonce-{nonce}'" for nonce in ("aaaa", "bbbb")]
    first, second = (exchange("", 200, ("Content-Security-Policy", policy)) for policy in policies)
    assert says(coverage.test_repeats, Again(models.Page(path="/"), first, second)) == "PASS"


NONCED = "<!doctype html><head><meta http-equiv=Content-Security-Policy content=\"script-src 'nonce-mB4vT7yQk2WnX9cLr8DzHg'\">"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((), NONCED),
        ((("Content-Security-Policy", "script-src 'nonce-mB4vT7yQk2WnX9cLr8DzHg'"),), ""),
    ],
)
def test_a_nonce_that_comes_twice_is_seen_in_header_and_page(headers: tuple[tuple[str, str], ...], body: str) -> None:
    page = exchange(body, 200, *headers)
    assert says(csp.test_nonce_fresh, Again(models.Page(path="/"), page, page)).startswith("FAIL")


@pytest.mark.parametrize("cache", [("Age", "12"), ("CF-Cache-Status", "HIT"), ("Cache-Control", "public, max-age=60")])
def test_a_nonce_in_a_cache_is_seen_in_either_answer(cache: tuple[str, str]) -> None:
    first = exchange("", 200, ("Content-Security-Policy", "script-src 'nonce-mB4vT7yQk2WnX9cLr8DzHg'"))
    second = exchange("", 200, ("Content-Security-Policy", "script-src 'nonce-Zk2WnX9cLr8DzHgmB4vT7y'"), cache)
    assert says(csp.test_nonce_fresh, Again(models.Page(path="/"), first, second)).startswith("FAIL")


NONCES = ("mB4vT7yQk2WnX9cLr8DzHg", "Zk2WnX9cLr8DzHgmB4vT7y")


@pytest.mark.parametrize(
    ("cache", "seen"),
    [
        ({"Cache-Control": "max-age=3600"}, "max-age, 3600 s"),
        ({"Cache-Control": "max-age=600, must-revalidate"}, "max-age, 600 s"),
        ({"Cache-Control": "public"}, "public"),
        ({"Expires": "Sun, 21 Nov 2027 10:00:00 GMT"}, "Expires"),
        ({"Cache-Control": "no-store", "CDN-Cache-Control": "max-age=600"}, "cdn-cache-control: max-age=600"),
        ({"Cache-Control": "private", "Surrogate-Control": "max-age=600"}, "surrogate-control: max-age=600"),
        ({}, ""), ({"Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT"}, ""), ({"Expires": "0"}, ""),
        ({"Cache-Control": "public, max-age=0, must-revalidate"}, ""), ({"Cache-Control": "public, no-cache"}, ""),
        ({"Cache-Control": "public, no-store"}, ""), ({"Cache-Control": "s-maxage=0, max-age=0"}, ""),
        ({"Cache-Control": "private, max-age=600"}, ""), ({"Cache-Control": "no-cache"}, ""),
        ({"Cache-Control": "max-age=600", "CDN-Cache-Control": "no-store"}, "max-age, 600 s"),
    ],
)  # fmt: skip
def test_a_nonce_that_shared_caches_may_hand_out_again(cache: dict[str, str], seen: str) -> None:
    first, second = (
        exchange("", 200, ("Content-Security-Policy", f"script-src 'nonce-{nonce}'"), *cache.items())
        for nonce in NONCES
    )
    said = says(csp.test_nonce_fresh, Again(models.Page(path="/"), first, second))
    assert said.startswith("FAIL") is bool(seen)
    assert seen in said


def weaker(*headers: tuple[str, str], body: str = "<h1>Not found", kind: str = "missing") -> str:
    """What is said of an error beside a strict start page."""
    parts = (response("page", *GOOD), response(kind, *headers, status=404, body=body))
    return says(coverage.test_errors, Surface("www.acme.test", parts))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("Strict-Transport-Security", "max-age=60; includeSubDomains", True),
        ("Strict-Transport-Security", "max-age=63072000", True),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload", False),
        ("Content-Security-Policy", "default-src 'self'; script-src 'self' 'unsafe-inline'", True),
        ("Content-Security-Policy", "default-src 'self'; script-src-attr 'unsafe-inline'", True),
        ("Content-Security-Policy", "frame-ancestors 'none'", True),
        ("Content-Security-Policy", "default-src 'none'", False),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox", False),
        ("Content-Security-Policy", "sandbox", False),
        ("Content-Security-Policy", "script-src 'nonce-mB4vT7yQk2WnX9cLr8DzHg' 'unsafe-inline'", False),
        ("Content-Security-Policy", "default-src 'self' https://static.acme.test", False),
        ("X-Frame-Options", "SAMEORIGIN", False),
    ],
)
def test_an_error_may_differ_but_not_be_weaker(name: str, value: str, told: bool) -> None:
    said = weaker(*changed(name, value))
    assert said.startswith("FAIL") is told
    assert said.count("the protection of the start page") == told
    assert not told or name in said


def test_framing_of_an_error_is_decided_by_its_policy() -> None:
    said = weaker(*changed("Content-Security-Policy", "default-src 'self'; frame-ancestors *"))
    assert said.startswith("FAIL")
    assert "frame-ancestors *" in said
    closed = tuple(pair for pair in GOOD if pair[0] != "X-Frame-Options")
    assert weaker(*closed, ("Content-Security-Policy", "frame-ancestors 'none'")) == "PASS"


def test_the_policy_of_an_error_may_stand_in_its_head() -> None:
    bare = tuple(pair for pair in GOOD if pair[0] != "Content-Security-Policy")
    assert weaker(*bare).startswith("FAIL")
    body = "<!doctype html><head><meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
    assert weaker(*bare, body=body) == "PASS"


@pytest.mark.parametrize(
    ("media", "body", "told"),
    [
        ("application/xhtml+xml", "<html/>", True), ("TEXT/HTML", "", True), ("", "<!DOCTYPE html><p>", True),
        ("", "<!-- made by us --> <h1>Not found", True), ("", "not found", False), ("text/plain", "<h1>Not found", False),
        ("application/json", "{}", False),
    ],
)  # fmt: skip
def test_what_browsers_show_as_markup_needs_a_policy(media: str, body: str, told: bool) -> None:
    headers = list(GOOD[:2]) + ([("Content-Type", media)] if media else [])
    said = weaker(*headers, body=body)
    assert said.startswith("FAIL") is told
    assert ("Content-Security-Policy" in said) is told


def test_another_host_has_a_policy_of_its_own() -> None:
    page = response("page", *GOOD)
    api = response("api", *changed("Strict-Transport-Security", "max-age=600"))
    moved = replace(api, exchange=replace(api.exchange, url="https://api.acme.test/v1"))
    assert says(coverage.test_errors, Surface("www.acme.test", (page, api))).startswith("FAIL")
    assert says(coverage.test_errors, Surface("www.acme.test", (page, moved))) == "PASS"


def test_reports_may_be_told_apart_by_their_address() -> None:
    policy = "default-src 'self'; report-uri /csp?source%5Buuid%5D={}; img-src 'self'"
    first, second, other = (
        exchange("", 200, ("Content-Security-Policy", text))
        for text in (policy.format("aaaa"), policy.format("bbbb"), policy.format("bbbb").replace("img-src 'self'", ""))
    )
    assert says(coverage.test_repeats, Again(models.Page(path="/"), first, second)) == "PASS"
    assert says(coverage.test_repeats, Again(models.Page(path="/"), first, other)).startswith("FAIL")


def test_two_framing_values_in_one_field() -> None:
    assert says(framing.test_header_valid, document(("X-Frame-Options", "DENY, SAMEORIGIN"))).startswith("FAIL")
    assert says(framing.test_header_valid, document(("X-Frame-Options", "DENY"))) == "PASS"


@pytest.mark.parametrize("suffix", ["*.co.uk", "*.github.io", "*.vercel.app", "https://*.herokuapp.com"])
def test_whoever_can_register_below_a_suffix_is_anybody(suffix: str) -> None:
    assert says(framing.test_restricted, document(("Content-Security-Policy", f"frame-ancestors {suffix}"))).startswith(
        "FAIL"
    )
    scripts = document(("Content-Security-Policy", f"default-src 'self'; script-src {suffix}"))
    assert says(csp.test_script_wildcard, scripts).startswith("FAIL")


@pytest.mark.parametrize(
    "location",
    [
        "//evil.test/",
        "///evil.test/",
        "/\\evil.test/",
        "\\/evil.test",
        "https:///evil.test",
        "/\t/evil.test",
    ],
)
def test_hosts_that_browsers_read_in_odd_locations(location: str) -> None:
    found = redirect_host(exchange("", 302, ("Location", location)))
    assert found == "evil.test"


def test_refresh_leads_elsewhere_too() -> None:
    answer = exchange("", 200, ("Refresh", "0; url=https://gonogo-redirect.example/"))
    assert says(open_redirects.test_own_hosts, OpenRedirect("/x", answer, frozenset())).startswith("FAIL")


def test_a_log_in_elsewhere_is_no_open_redirect() -> None:
    answer = exchange("", 302, ("Location", "https://login.identity.example/?next=x"))
    assert says(open_redirects.test_own_hosts, OpenRedirect("/x", answer, frozenset())) == "PASS"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("XSRF-TOKEN", "PASS"), ("csrftoken", "PASS"), ("author", "PASS"), ("sidebar", "PASS"), ("theme", "PASS"),
        ("PHPSESSID", "FAIL"), ("sessionid", "FAIL"), ("connect.sid", "FAIL"), ("wordpress_logged_in_ab12", "FAIL"),
        ("jwt", "FAIL"), ("remember_me", "FAIL"), (".AspNetCore.Identity.Application", "FAIL"), ("access_token", "FAIL"),
        ("authToken", "FAIL"), ("JWT_TOKEN", "FAIL"), ("user_token", "FAIL"), ("accessToken", "FAIL"), ("intercom-session-ab1", "FAIL"),
        ("csrf_session", "PASS"), ("_hjSession_123", "PASS"), ("_hjSessionUser_123", "PASS"), ("ai_session", "PASS"),
        ("login_hint", "PASS"), ("authenticity_token", "PASS"), ("mp_session_mixpanel", "PASS"), ("device_token", "PASS"),
    ],
)  # fmt: skip
def test_which_cookies_are_sessions(name: str, wanted: str) -> None:
    page = response("page", ("Set-Cookie", f"{name}=1; Path=/; Secure; SameSite=Lax"))
    assert says(cookies.test_http_only, page).startswith(wanted)


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJlLW9mLXRva2Vu"


@pytest.mark.parametrize(
    ("pair", "wanted"),
    [
        (f"a={TOKEN}", "FAIL"), (f'a="{TOKEN}"', "FAIL"), (f"xsrf-token={TOKEN}", "PASS"), ("a=eyJ.b.c", "PASS"), ("a=1.2.3", "PASS"),
        ("a=eyJhIjoxfQ.b.c", "PASS"), ("a=eyJhbGciOiJIUzI1NiJ9", "PASS"),
    ],
    ids=["bare", "quoted", "forgery-token", "no-json", "numbers", "no-algorithm", "header-alone"],
)  # fmt: skip
def test_a_token_is_a_session_whatever_its_cookie_is_called(pair: str, wanted: str) -> None:
    page = response("page", ("Set-Cookie", f"{pair}; Path=/; Secure; SameSite=Lax"))
    assert says(cookies.test_http_only, page).startswith(wanted)


def test_a_name_that_the_environment_writes_out_is_a_session() -> None:
    page = response("page", ("Set-Cookie", "ai_session=1; Path=/; Secure; SameSite=Lax"))
    named = replace(page, security=models.Security(session_cookies=("AI_session",)))
    assert says(cookies.test_http_only, named).startswith("FAIL")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        (("__Host-session=; Max-Age=0",), "needs Secure"),
        (("__Host-session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/",), "needs Secure"),
        (("__Host-session=; Max-Age=0; Secure",), "needs Path=/"),
        (("__Secure-id=; Max-Age=0",), "deletion of cookie '__Secure-id'"),
        (("__Secure-id=; Max-Age=0; Secure",), ""),
        (("__Host-session=; Max-Age=0; Path=/; Secure",), ""),
        (("__Host-a=; Max-Age=0; Path=/; Secure; Domain=acme.test", "__Host-a=; Max-Age=0; Path=/; Secure"), ""),
        (("__Host-a=; Max-Age=0", "__Host-b=; Max-Age=0; Path=/; Secure"), "__Host-a"),
        (("__Http-x=1; Secure; SameSite=Lax",), "needs HttpOnly"),
        (("__Http-x=1; HttpOnly; SameSite=Lax",), "needs Secure"),
        (("__Host-Http-x=1; Secure; Path=/; SameSite=Lax",), "needs HttpOnly"),
        (("__Host-Http-x=1; Secure; Path=/; HttpOnly; SameSite=Lax",), ""),
        (("old=; Max-Age=0",), ""),
    ],
)  # fmt: skip
def test_prefixed_cookies_that_browsers_refuse(fields: tuple[str, ...], wanted: str) -> None:
    said = says(cookies.test_prefix, response("page", *(("Set-Cookie", field) for field in fields)))
    assert said.startswith("FAIL") is bool(wanted)
    assert wanted in said


@pytest.mark.parametrize("name", ["__Http-session", "__Host-Http-session"])
def test_what_a_prefix_demands_is_told_once(name: str) -> None:
    page = response("page", ("Set-Cookie", f"{name}=1; Path=/"))
    assert says(cookies.test_prefix, page).startswith("FAIL")
    for judge in (cookies.test_http_only, cookies.test_session_secure, cookies.test_secure, cookies.test_kept):
        assert says(judge, page) == "PASS"


@pytest.mark.parametrize("pair", ["cart=x=1, y=2", 'a=b; Comment="x, y=z"', "a=b; Comment=x, y=z"])
def test_a_comma_in_a_value_joins_nothing(pair: str) -> None:
    page = response("page", ("Set-Cookie", f"{pair}; Secure; HttpOnly; SameSite=Lax"))
    assert says(cookies.test_kept, page) == "PASS"


@pytest.mark.parametrize("value", ["__cf_bm=1; Path=/; Domain=acme.test; Secure; SameSite=None", "AWSALB=1; Path=/"])
def test_cookies_of_the_network_in_front_are_not_the_sites(value: str) -> None:
    page = response("page", ("Set-Cookie", value))
    for judge in (cookies.test_secure, cookies.test_scope, cookies.test_same_site, cookies.test_kept):
        assert says(judge, page) == "PASS"


def test_the_attributes_of_old_specifications_are_harmless() -> None:
    page = response("page", ("Set-Cookie", "JSESSIONID=1; Version=1; Path=/; Secure; HttpOnly; SameSite=Lax"))
    assert says(cookies.test_kept, page) == "PASS"


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ("Max-Age=1d", "FAIL"), ("Max-Age=", "FAIL"), ('Max-Age="60"', "FAIL"), ("Expires=tomorrow", "FAIL"), ("Expires=0", "FAIL"),
        ("Max-Age=1d; Expires=Sat, 21 Nov 2026 00:01:00 GMT", "FAIL"), ("Max-Age=60; Expires=0", "PASS"),
        ("Max-Age=0; Expires=0", "PASS"), ("Expires=Session", "PASS"), ("Max-Age=60", "PASS"), ("HttpOnly", "PASS"),
        ("Expires=Sat, 21-Nov-2026 00:01:00 GMT", "PASS"), ("Max-Age=1d, theme=dark; Path=/", "PASS"),
    ],
)  # fmt: skip
def test_a_lifetime_that_browsers_cannot_read(attributes: str, wanted: str) -> None:
    said = says(cookies.test_lifetime_valid, response("page", ("Set-Cookie", f"a=b; {attributes}")))
    assert said.startswith(wanted)
    assert wanted == "PASS" or attributes.split(";", maxsplit=1)[0] in said.replace("\\", "")


def plain_way(*values: str, url: str = "http://www.acme.test/", site: str = "https://www.acme.test") -> Redirects:
    hop = exchange("", 301, ("Location", f"{site}/"), *(("Set-Cookie", value) for value in values), url=url)
    page = exchange("", 200, ("Set-Cookie", "b=2"), url=f"{site}/")
    return Redirects((hop, page), "", models.Site(url=site))


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ((), "PASS"), (("a=1",), "FAIL"), (("a=1; Secure",), "PASS"), (("a=; Max-Age=0",), "PASS"), (("AWSALB=1",), "PASS"),
        (("a=1; Secure", "session=2; HttpOnly; SameSite=Lax"), "FAIL"),
    ],
)  # fmt: skip
def test_cookies_of_the_answer_that_leads_to_https(values: tuple[str, ...], wanted: str) -> None:
    assert says(cookies.test_plain_http, plain_way(*values)).startswith(wanted)


def test_cookies_of_a_site_of_plain_http_are_its_own() -> None:
    assert says(cookies.test_plain_http, plain_way("a=1", site="http://www.acme.test")) == "PASS"


def test_a_plain_hop_that_gave_no_answer_is_unknown() -> None:
    way = replace(plain_way(), failure=Failure(FailureKind.TIMEOUT, "no answer"), failed_url="http://other.acme.test/")
    assert says(cookies.test_plain_http, way).startswith("UNKNOWN: http://other.acme.test/")
    shut = replace(plain_way(), hops=(), failure=Failure(FailureKind.CONNECT, "refused"), failed_url="http://x.test/")
    assert says(cookies.test_plain_http, shut) == "PASS"


def judged_cors(allowed: dict[str, str], *, credentials: str = "true", vary: str = "Origin") -> Cors:
    def answer(kind: str, origin: str) -> CorsAnswer:
        said = allowed.get(kind, "")
        headers = [("Access-Control-Allow-Origin", said)] if said else []
        headers += [("Access-Control-Allow-Credentials", credentials)] if said and credentials else []
        headers += [("Vary", vary)] if vary else []
        one = exchange("", 200, *headers)
        return CorsAnswer(kind, origin, one, replace(one, method="OPTIONS"))

    kinds = {"foreign": "https://a.example", "null": "null", "lookalike": "https://gonogoacme.test"}
    answers = tuple(answer(kind, origin) for kind, origin in kinds.items())
    return Cors("/api", answers, models.Security(), frozenset({"GET"}))


def test_a_worse_finding_is_not_swallowed_by_a_milder_one() -> None:
    mixed = judged_cors({"foreign": "https://a.example"}, credentials="")
    null = judged_cors({"null": "null"})
    both = replace(mixed, answers=(mixed.answers[0], null.answers[1], mixed.answers[2]))
    assert says(cors.test_reflected, both).startswith("FAIL")
    assert says(cors.test_null, both).startswith("FAIL")


def test_an_origin_that_is_the_same_for_everybody_needs_no_vary() -> None:
    fixed = dict.fromkeys(("foreign", "null", "lookalike"), "https://app.acme.test")
    assert says(cors.test_vary, judged_cors(fixed, vary="")) == "PASS"
    assert says(cors.test_vary, judged_cors({"null": "null"}, vary="")).startswith("FAIL")


def cors_answer(kind: str, origin: str, *headers: tuple[str, str], status: int = 200) -> CorsAnswer:
    one = exchange("", status, *headers)
    return CorsAnswer(kind, origin, one, replace(one, method="OPTIONS"))


APP = "https://app.acme.test"


@pytest.mark.parametrize(
    ("sent", "wanted"), [((APP, "*"), "FAIL"), ((APP, APP), "FAIL"), ((APP,), "PASS"), (("*",), "PASS"), ((), "FAIL")]
)
def test_an_origin_that_is_sent_twice_allows_nobody(sent: tuple[str, ...], wanted: str) -> None:
    answer = cors_answer("declared", APP, *(("Access-Control-Allow-Origin", one) for one in sent))
    said = says(cors.test_declared, Cors("/api", (answer,), models.Security(origins=(APP,)), frozenset({"GET"})))
    assert said.startswith(wanted)


@pytest.mark.parametrize(
    ("foreign", "declared", "wanted"),
    [
        ((("Cache-Control", "max-age=60"),), (("Vary", "Origin"),), "FAIL"),
        ((("Last-Modified", "Fri, 20 Nov 2026 12:00:00 GMT"),), (("Vary", "Origin"),), "FAIL"),
        ((("Cache-Control", "max-age=60"), ("Vary", "Accept, Origin")), (("Vary", "Origin"),), "PASS"),
        ((("Cache-Control", "no-store"),), (("Vary", "Origin"),), "PASS"),
        ((("Cache-Control", "max-age=0"),), (("Vary", "Origin"),), "PASS"),
        ((("Cache-Control", "no-cache, max-age=60"),), (("Vary", "Origin"),), "PASS"),
        ((), (("Vary", "Origin"),), "PASS"),
        ((), (), "FAIL"),
        ((), (("Cache-Control", "no-store"),), "FAIL"),
        ((), (("Cache-Control", "no-store"), ("CDN-Cache-Control", "max-age=60")), "FAIL"),
    ],
)
def test_answers_that_differ_by_origin_and_are_kept(
    foreign: tuple[tuple[str, str], ...], declared: tuple[tuple[str, str], ...], wanted: str
) -> None:
    allowed = cors_answer("declared", APP, ("Access-Control-Allow-Origin", APP), *declared)
    answers = (cors_answer("foreign", "https://a.example", *foreign), allowed)
    said = says(cors.test_vary, Cors("/api", answers, models.Security(origins=(APP,)), frozenset({"GET"})))
    assert said.startswith(wanted)


def test_a_dot_without_its_backslash_is_told_once() -> None:
    def answer(kind: str, origin: str, *, is_granted: bool) -> CorsAnswer:
        return cors_answer(kind, origin, *([("Access-Control-Allow-Origin", origin)] if is_granted else []))

    unescaped = answer("unescaped", "https://wwwxacme.test", is_granted=True)
    for by_end in (False, True):
        answers = (answer("lookalike", "https://gonogoacme.test", is_granted=by_end), unescaped)
        said = says(cors.test_compared_whole, Cors("/api", answers, models.Security(), frozenset({"GET"})))
        assert ("wwwxacme" in said, "gonogoacme" in said) == (not by_end, by_end)


@pytest.mark.parametrize(
    ("kind", "body", "wanted"),
    [
        ("text/html; charset=utf-7", "<p>", "FAIL"), ("text/html; charset=utf8mb4", "<p>", "FAIL"), ("text/html", "<p>", "FAIL"),
        ("text/html; charset=UTF-8", "<p>", "PASS"), ('text/html; charset="utf8"', "<p>", "PASS"),
        ("text/html; charset=ISO-8859-1", "<p>", "PASS"), ("text/html; charset=iso-2022-kr", "<p>", "FAIL"),
        ("text/html; charset=none", "<meta charset=utf-8><p>", "PASS"), ("text/html", "<meta charset='utf-7'><p>", "FAIL"),
        ("text/html", "<meta http-equiv=Content-Type content='text/html; charset=windows-1252'>", "PASS"),
        ("text/html", "\ufeff<p>", "PASS"),
    ],
    ids=["utf-7", "database", "absent", "capitals", "quoted", "latin", "replaced", "meta-instead", "meta-utf-7", "meta-old", "mark"],
)  # fmt: skip
def test_encodings_that_browsers_know(kind: str, body: str, wanted: str) -> None:
    assert says(content_type.test_charset, response("page", ("Content-Type", kind), body=body)).startswith(wanted)


@pytest.mark.parametrize(
    ("said", "authorized", "wanted"),
    [
        ("private, s-maxage=600", True, "FAIL"), ("no-store", False, "PASS"), ("", True, "PASS"), ("", False, "FAIL"),
        ("public, max-age=5", True, "FAIL"), ("private", False, "PASS"), ("public, no-store", True, "PASS"),
        ("private, s-maxage=0", True, "PASS"), ("private, public", True, "FAIL"),
    ],
)  # fmt: skip
def test_private_answers(said: str, authorized: bool, wanted: str) -> None:
    answer = exchange("{}", 200, *([("Cache-Control", said)] if said else []))
    assert says(caching.test_private_answers, PrivateAnswer("a", answer, authorized)).startswith(wanted)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("CDN-Cache-Control", "public, max-age=60", "FAIL"), ("Surrogate-Control", "max-age=60", "FAIL"),
        ("X-Accel-Expires", "600", "FAIL"), ("CDN-Cache-Control", "no-store", "PASS"),
        ("Surrogate-Control", "no-store", "PASS"), ("X-Accel-Expires", "0", "PASS"),
    ],
)  # fmt: skip
def test_a_cdns_own_field_stands_above_no_store(name: str, value: str, wanted: str) -> None:
    answer = exchange("{}", 200, ("Cache-Control", "no-store"), (name, value))
    said = says(caching.test_private_answers, PrivateAnswer("a", answer, authorized=True))
    assert said.startswith(wanted)
    assert wanted == "PASS" or f"{name.lower()}: {value}" in said


@pytest.mark.parametrize(
    ("kind", "media", "wanted"),
    [("api", "text/plain", "FAIL"), ("page", "text/plain", "PASS"), ("page", "text/html", "FAIL")],
)
def test_json_under_another_name(kind: str, media: str, wanted: str) -> None:
    assert says(content_type.test_json, response(kind, ("Content-Type", media), body='{"a": 1}')).startswith(wanted)


def test_a_door_that_is_shut_sends_nobody_astray() -> None:
    shut = Redirects((), "refused", models.Site(url="https://www.acme.test"), Failure(FailureKind.CONNECT, "refused"))
    for judge in (
        https.test_redirect,
        https.test_permanent,
        https.test_same_host_first,
        https.test_bounded,
        https.test_no_downgrade,
    ):
        assert says(judge, shut) == "PASS"


@pytest.mark.parametrize("location", ["https://[x", "//[", "http://[::1", "https://www.acme.test:99999/", "\x00"])
def test_a_location_that_is_none_is_no_crash(location: str) -> None:
    first = exchange("", 301, ("Location", location), url="http://www.acme.test/")
    way = Redirects((first,), location, models.Site(url="https://www.acme.test"))
    for judge in (
        https.test_redirect,
        https.test_permanent,
        https.test_same_host_first,
        https.test_bounded,
        https.test_no_downgrade,
    ):
        assert says(judge, way).partition(":")[0] in {"PASS", "FAIL"}


def test_a_script_at_an_address_in_the_clear_is_seen_once() -> None:
    page = document(body='<script src="http://203.0.113.5/x.js"></script>')
    assert says(csp.test_mixed_content, page).startswith("FAIL")
    assert says(integrity.test_external, page) == "PASS"


def test_scripts_and_pictures_inside_an_svg_are_seen() -> None:
    foreign = document(body='<svg><script href="//cdn.evil.test/a.js"></script></svg>')
    assert says(integrity.test_external, foreign).startswith("FAIL")
    picture = document(body='<svg><image xlink:href="http://x.test/a.png"/></svg>')
    assert says(csp.test_mixed_content, picture).startswith("FAIL")
    outside = document(body='<svg/><p><script href="//cdn.evil.test/a.js"></script><image href="http://x.test/a.png">')
    assert says(integrity.test_external, outside) == says(csp.test_mixed_content, outside) == "PASS"


def test_declared_third_parties_need_no_integrity() -> None:
    page = document(body='<script src="https://js.stripe.com/v3/"></script>')
    assert says(integrity.test_external, page).startswith("FAIL")
    assert says(integrity.test_external, replace(page, trusted=frozenset({"js.stripe.com"}))) == "PASS"


def test_a_page_may_name_its_own_referrer_policy() -> None:
    header = ("Referrer-Policy", "same-origin")
    assert says(
        referrer_policy.test_private, document(header, body='<meta name=referrer content="always">')
    ).startswith("FAIL")
    assert (
        says(referrer_policy.test_private, document(header, body='<meta name=referrer content="no-referrer">'))
        == "PASS"
    )


@pytest.mark.parametrize(
    ("value", "wanted"), [("1.1 vegur", "PASS"), ("HTTP/3 cache", "PASS"), ("1.1 varnish/6.2", "FAIL")]
)
def test_via_begins_with_the_protocol(value: str, wanted: str) -> None:
    assert says(server.test_version_hidden, response("page", ("Via", value))).startswith(wanted)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("X-Generator", "Drupal 10 (https://www.drupal.org)", "FAIL"), ("X-Powered-By", "Express 4", "FAIL"),
        ("X-CF-Powered-By", "CF 5", "FAIL"), ("X-Powered-By", "ColdFusion 2021", "FAIL"), ("X-Jenkins", "2.401", "FAIL"),
        ("MicrosoftSharePointTeamServices", "16.0.0.1", "FAIL"), ("X-Atmosphere-Framework", "2.3", "FAIL"),
        ("X-Powered-By", "Express", "PASS"), ("X-Version", "2024-10-12", "PASS"), ("Server", "ECS (dcb/7F83)", "PASS"),
        ("X-Server", "web 3", "PASS"), ("X-Powered-By", "Area 51 Engine", "PASS"), ("Via", "1.1 varnish, 1.1 varnish", "PASS"),
    ],
)  # fmt: skip
def test_numbers_that_are_versions(name: str, value: str, wanted: str) -> None:
    assert says(server.test_version_hidden, response("page", (name, value))).startswith(wanted)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Kubernetes-PF-FlowSchema-UID", "ab1"), ("X-Upstream", "10.0.0.3:8080"), ("X-ChromeLogger-Data", "eyJ2"),
        ("X-Atmosphere-Error", "no connection"),
    ],
)  # fmt: skip
def test_headers_of_the_inside(name: str, value: str) -> None:
    assert says(server.test_inside_hidden, response("page", (name, value))).startswith("FAIL")


def pried(path: str, body: str, missing: str, *, status: int = 404) -> Pried:
    leak = next(one for one in LEAKS if one.path == path)
    kind = ("Content-Type", "application/octet-stream")
    return Pried(leak, exchange(body, 200, kind), exchange(missing, status))


def test_a_short_file_is_known_beside_an_empty_error_page() -> None:
    detached = pried("/.git/HEAD", "4b825dc642cb6eb9a060e54bf8d69288fbee4904\n", "")
    assert says(files.test_absent, detached).startswith("FAIL")


OFFERS = Offers("refused", "refused", "refused", (), "refused", "refused", 0, (), "not asked", "refused")


@pytest.mark.parametrize(
    ("version", "cipher", "offers", "doubt"),
    [
        ("TLSv1.3", "TLS_AES_128_GCM_SHA256", OFFERS, True),
        ("TLSv1.3", "TLS_AES_128_GCM_SHA256", replace(OFFERS, tls13="offered"), False),
        ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", OFFERS, True),
        ("TLSv1.2", "ECDHE-RSA-AES128-SHA", replace(OFFERS, cbc="offered"), False),
    ],
)
def test_a_refusal_counts_only_where_our_hellos_are_heard(
    version: str, cipher: str, offers: Offers, doubt: bool
) -> None:
    legacy, seen = doubted(version, cipher, "refused", offers)
    assert legacy.startswith("unknown") is doubt
    assert seen.weak_end.startswith("unknown") is doubt
