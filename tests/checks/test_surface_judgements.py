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
from gonogo.environment import models
from gonogo.evidence.facts import Offers
from gonogo.evidence.records import Failure, FailureKind
from gonogo.formats.leaks import LEAKS
from gonogo.nouns import Again, Cors, CorsAnswer, OpenRedirect, Pried, PrivateAnswer, Redirects, Surface, redirect_host
from gonogo.probes.tls import doubted

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
    ],
)  # fmt: skip
def test_which_cookies_are_sessions(name: str, wanted: str) -> None:
    page = response("page", ("Set-Cookie", f"{name}=1; Path=/; Secure; SameSite=Lax"))
    assert says(cookies.test_http_only, page).startswith(wanted)


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


@pytest.mark.parametrize(
    ("said", "authorized", "wanted"),
    [
        ("private, s-maxage=600", True, "FAIL"), ("no-store", False, "PASS"), ("", True, "PASS"), ("", False, "FAIL"),
        ("public, max-age=5", True, "FAIL"), ("private", False, "PASS"),
    ],
)  # fmt: skip
def test_private_answers(said: str, authorized: bool, wanted: str) -> None:
    answer = exchange("{}", 200, *([("Cache-Control", said)] if said else []))
    assert says(caching.test_private_answers, PrivateAnswer("a", answer, authorized)).startswith(wanted)


def test_a_cdns_own_field_stands_above_no_store() -> None:
    answer = exchange("{}", 200, ("Cache-Control", "no-store"), ("CDN-Cache-Control", "public, max-age=60"))
    assert says(caching.test_private_answers, PrivateAnswer("a", answer, authorized=True)).startswith("FAIL")


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
