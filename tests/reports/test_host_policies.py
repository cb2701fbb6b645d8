"""What a host sent, in words; which results are whose; and nothing hostile in what is to be pasted."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import (
    CARDS,
    GOOD,
    environment,
    failed,
    http,
    passed,
    site,
    tls,
    with_header,
    without,
)
from report_samples import report

from gonogo.check import Card, Safety
from gonogo.concerns.security.family import Family, FamilyPolicy, HostPolicy, family_of, in_order
from gonogo.concerns.security.fixes import NONCE, fixes
from gonogo.concerns.security.host_security import MAX_LINES, MAX_TEXT, host_policies
from gonogo.concerns.security.report import tables
from gonogo.concerns.security.words import span
from gonogo.environment.sections.security import Preload, Security
from gonogo.environment.sections.tls import Tls
from gonogo.formats import csp, csp_review
from gonogo.formats.set_cookie import unvalued
from gonogo.reports.html import html
from gonogo.result import Finding, Outcome, Result, Severity


def row(host: HostPolicy, family: Family) -> FamilyPolicy:
    return next(one for one in host.policies if one.family is family)


def words(headers, family: Family, **more: object) -> str:  # type: ignore[no-untyped-def]
    return "\n".join(row(site(headers, **more), family).in_effect)


def wanted(host: HostPolicy) -> dict[str, str]:
    return dict(host.changes.headers)


def test_every_security_check_has_its_row() -> None:
    assert {name for name in CARDS if family_of(name, CARDS)} == {
        name for name in CARDS if name.partition(".")[0] in {"security", "tls", "exposure"}
    }
    assert family_of("security.csp.frame-ancestors", CARDS) == Family.FRAMING
    assert family_of("security.csp.form-action", CARDS) == Family.CSP
    assert family_of("load.latency.p95", CARDS) == ""
    assert family_of("security.rate-limit.limited", CARDS) == "Rate limit"


def test_a_family_that_a_docstring_names_is_one_that_is_known() -> None:
    named = {card.section("Family") for card in CARDS.values()} - {""}
    assert named == set(Family)
    assert family_of("security.rate-limit.limited", {}) == "Rate limit"  # of a check that is no more, too


def test_rows_stand_in_order_and_what_is_exposed_last() -> None:
    assert in_order(["Rate limit", Family.EXPOSURE, "Caching", Family.CSP, Family.HSTS]) == [
        Family.HSTS, Family.CSP, "Caching", "Rate limit", Family.EXPOSURE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("docstring", "line", "headers"),
    [
        ("", "New thing", {}),
        ("Family: Referrer-Policy", "Referrer-Policy", {"Referrer-Policy": "strict-origin-when-cross-origin"}),
    ],
)
def test_a_new_check_has_its_row_and_its_fix(docstring: str, line: str, headers: dict[str, str]) -> None:
    """No list of ids in the reports or the fixes knows it: its card says all."""
    name = "security.new-thing.held"
    why = f"Somebody is hurt.\n\nFix: send `New-Thing: on`.\nSee: https://www.example.org/\n{docstring}"
    card = Card(name, "The new thing is held", Severity.HIGH, Safety.READ_ONLY, ("full",), (), why)
    page = http(headers=without("referrer-policy"))
    broken = failed(name, page)
    hosts = host_policies(environment(), [page], [broken], {**CARDS, name: card})
    assert dict(hosts[0].changes.headers) == headers
    made = report([broken], cards=[card], hosts=hosts)
    (row,) = [one for one in tables(hosts, made)[0].lines if one.open]
    assert row.policy.family == line
    assert [rule.fix for rule in row.open] == ["send `New-Thing: on`."]
    text = unescape(re.sub(r"<[^>]+>", "", html(made)))
    assert "Fix: send New-Thing: on." in text


# --- words ---


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            ("max-age=63072000; includeSubDomains; preload",),
            "HTTPS only for 2 years, subdomains included, preload asked for",
        ),
        (("max-age=60",), "HTTPS only for 1 minute, this host alone"),
        (("max-age=31536000; includeSubdomain",), "HTTPS only for 1 year, this host alone, ignored: includesubdomain"),
        (("max-age=0",), "HTTPS is not enforced: max-age=0 makes browsers forget it"),
        (("max-age=1d",), "HTTPS is not enforced: max-age='1d' is not a number, so browsers ignore the header"),
        ((), "HTTPS is not enforced: the header is absent"),
    ],
)
def test_transport(values: tuple[str, ...], said: str) -> None:
    assert words(with_header("strict-transport-security", *values), Family.HSTS) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("default-src 'self'; script-src 'nonce-Py0o592x6lO3IiacLENbhA' 'strict-dynamic' 'self'",), "scripts: nonce + strict-dynamic; inline: blocked; eval: blocked"),
        (("script-src 'unsafe-inline' 'unsafe-eval' https://cdn.example",), "scripts: https://cdn.example; inline: allowed; eval: allowed"),
        (("script-src *",), "scripts: any; inline: blocked; eval: blocked"),
        (("img-src 'self'",), "scripts: any; inline: allowed; eval: allowed"),
        (("script-src 'none'",), "scripts: none; inline: blocked"),
        (("default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",), "base address: fixed; forms: nowhere; framing: nobody\n1 policy"),
        (("default-src 'self'", "frame-ancestors 'self'"), "forms: anywhere; framing: own origin\n2 policies, all of which must allow"),
        ((), "nothing is blocked"),
    ],
)  # fmt: skip
def test_content_security(values: tuple[str, ...], said: str) -> None:
    assert said in words(with_header("content-security-policy", *values), Family.CSP)


def test_a_policy_that_only_reports_blocks_nothing() -> None:
    headers = (*without("content-security-policy"), ("content-security-policy-report-only", "default-src 'none'"))
    found = row(site(headers), Family.CSP)
    assert found.in_effect == ("nothing is blocked: violations are reported only",)
    assert found.sent == ("Content-Security-Policy-Report-Only: default-src 'none'",)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (GOOD, "framed by: nobody"),
        (without("content-security-policy"), "framed by: nobody, by the old header alone"),
        ((("x-frame-options", "ALLOW-FROM https://a.example"),), "framed by: anybody in some browsers; the value is not one that they know"),
        ((), "framed by: anybody"),
    ],
)  # fmt: skip
def test_framing(headers, said: str) -> None:  # type: ignore[no-untyped-def]
    assert words(headers, Family.FRAMING) == said


def test_permissions() -> None:
    said = words(GOOD, Family.PERMISSIONS)
    assert said == "nobody: camera\nnamed origins: geolocation\nevery frame: microphone"
    assert words(with_header("permissions-policy", "camera 'none'"), Family.PERMISSIONS).startswith(
        "each feature keeps its own default\n"
    )


@pytest.mark.parametrize(
    ("name", "value", "family", "said"),
    [
        ("x-content-type-options", "nosniff, nosniff", Family.CONTENT_TYPE, "browsers keep to the declared type"),
        ("x-content-type-options", "none", Family.CONTENT_TYPE, "browsers may guess another type"),
        ("referrer-policy", "unsafe-url", Family.REFERRER, "every site is told the full address"),
        ("referrer-policy", "never", Family.REFERRER, "no known policy in 'never': browsers take their own default, strict-origin-when-cross-origin in current ones"),
        ("cross-origin-opener-policy", '"same-origin"', Family.ISOLATION, "the page is not cross-origin isolated\nopener: unsafe-none\nembedder: require-corp\nresource: same-origin"),
    ],
)  # fmt: skip
def test_other_headers(name: str, value: str, family: Family, said: str) -> None:
    assert words(with_header(name, value), family) == said


def test_a_cookie_is_told_once_without_its_value() -> None:
    cookie = "session=8f3a; HttpOnly; Path=/"
    page = http(headers=(*GOOD, ("set-cookie", cookie)))
    other = http("https://www.example.org/b", (*GOOD, ("set-cookie", cookie), ("set-cookie", "old=; Max-Age=0")))
    (host, *_) = host_policies(environment(), [page, other], [passed("security.cookies.secure", page)], CARDS)
    assert row(host, Family.COOKIES) == FamilyPolicy(
        Family.COOKIES,
        ("session=…; HttpOnly; Path=/",),
        ("session: in the clear too, not for scripts, no SameSite, this host, until the browser closes",),
    )
    assert unvalued("8f3a; Secure") == "…; Secure"


def test_redirects_cors_and_tls() -> None:
    plain = http("http://www.example.org/", (("location", HOME_ALIAS),), status=302, follow=5)
    cors = http(
        headers=(("access-control-allow-origin", "null"), ("access-control-allow-credentials", "true")), origin="null"
    )
    evidence = [http(), plain, cors, tls(legacy="TLSv1.1")]
    (host, *_) = host_policies(environment(), evidence, [passed("tls.certificate.key", evidence[3])], CARDS)
    assert row(host, Family.REDIRECTS).sent == (f"http://www.example.org/ → 302 {HOME_ALIAS}",)
    assert row(host, Family.REDIRECTS).in_effect == (
        "plain http goes to https at once, for the moment, to another host first",
    )
    assert row(host, Family.CORS).in_effect == ("read by: null with credentials",)
    assert row(host, Family.TLS).in_effect == (
        "TLS 1.3 offered; older than the declared minimum: TLSv1.1 accepted",
        "weak suites: none",
        "certificate until 2027-01-05, key EC 256, trusted, name matches",
        "key agreement: x25519",
    )


HOME_ALIAS = "https://example.org/"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (59, "59 seconds"),
        (60, "1 minute"),
        (300, "5 minutes"),
        (86_400, "1 day"),
        (15_552_000, "180 days"),
        (10**17, "more than 1,000 years"),
    ],
)
def test_span(seconds: int, said: str) -> None:
    assert span(seconds) == said


# --- hosts ---


def test_the_site_comes_first_then_tls_hosts_then_aliases_and_each_has_its_results() -> None:
    page, handshake = http(), tls("db.example.org", 5432)
    alias = http("https://example.org/", (("location", "https://www.example.org/"),), status=308, follow=5)
    results = [
        passed("security.hsts.present", page),
        passed("tls.certificate.trust", handshake, subject="db.example.org:5432"),
        passed("security.header-fields.single", alias, subject="https://example.org"),
        failed("security.coverage.redirects", page, alias, subject="https://example.org"),
        Result("security.logout.clears-site-data", "", Outcome.NOT_APPLICABLE, Severity.LOW, reason="none declared"),
        passed("load.latency.p95", subject="checkout"),
    ]
    hosts = host_policies(environment(), [page, handshake, alias], results, CARDS)
    assert [(one.host, one.role) for one in hosts] == [
        ("www.example.org", "the site"),
        ("db.example.org", "TLS only"),
        ("example.org", "an alias of the site"),
    ]
    assert [sorted(check for check, _ in one.results) for one in hosts] == [
        ["security.hsts.present", "security.logout.clears-site-data"],
        ["tls.certificate.trust"],
        ["security.coverage.redirects", "security.header-fields.single"],
    ]
    assert [one.family for one in hosts[1].policies] == [Family.TLS]
    assert Family.CSP not in {one.family for one in hosts[2].policies}  # a redirect's policy binds nobody
    assert set(wanted(hosts[2])) == {"Strict-Transport-Security", "X-Content-Type-Options"}


def test_a_run_without_security_checks_has_no_hosts() -> None:
    assert host_policies(environment(), [http()], [passed("load.latency.p95")], CARDS) == ()


def test_a_host_that_was_not_reached_is_told_without_words() -> None:
    unknown = Result("security.hsts.present", "/", Outcome.UNKNOWN, Severity.HIGH, reason="connect: refused")
    (host,) = host_policies(environment(), [], [unknown], CARDS)
    assert host.source == ""
    assert host.policies == (FamilyPolicy(Family.HSTS, (), ()),)
    assert fixes(host.changes) == ()


# --- what to change ---


def test_a_healthy_host_has_nothing_to_change() -> None:
    assert fixes(site(GOOD).changes) == ()


@pytest.mark.parametrize(
    ("headers", "check", "name", "value"),
    [
        (without("strict-transport-security"), "security.hsts.present", "Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        (with_header("strict-transport-security", "max-age=63072000"), "security.hsts.subdomains", "Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
        (with_header("strict-transport-security", "max-age=60; preload"), "security.hsts.max-age", "Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
        (without("x-content-type-options"), "security.content-type-options.nosniff", "X-Content-Type-Options", "nosniff"),
        (with_header("x-frame-options", "ALLOW-FROM https://a.example"), "security.framing.header-valid", "X-Frame-Options", "DENY"),
        (with_header("referrer-policy", "unsafe-url"), "security.referrer-policy.private", "Referrer-Policy", "strict-origin-when-cross-origin"),
        (without("permissions-policy"), "security.permissions-policy.restricted", "Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
        (GOOD, "security.permissions-policy.restricted", "Permissions-Policy", 'camera=(), geolocation=(self "https://maps.example"), microphone=()'),
        (with_header("cross-origin-opener-policy", '"same-origin-allow-popups"'), "security.cross-origin.opener", "Cross-Origin-Opener-Policy", "same-origin-allow-popups"),
        (with_header("cross-origin-resource-policy", "sameorigin"), "security.cross-origin.resource", "Cross-Origin-Resource-Policy", "same-origin"),
        (with_header("cross-origin-opener-policy", "same-origin", "same-origin"), "security.header-fields.single", "Cross-Origin-Opener-Policy", "same-origin"),
    ],
)  # fmt: skip
def test_the_header_to_send(headers, check: str, name: str, value: str) -> None:  # type: ignore[no-untyped-def]
    assert wanted(site(headers, check)) == {name: value}


def test_the_values_come_from_the_environment() -> None:
    declared = Security(
        hsts_max_age_s=100, hsts_include_subdomains=False, permissions=("usb",), isolated=True,
        preload=Preload(url="https://www.example.org"),
    )  # fmt: skip
    checks = ("security.hsts.present", "security.permissions-policy.restricted", "security.cross-origin.isolated")
    assert wanted(site((), *checks, security=declared)) == {
        "Strict-Transport-Security": "max-age=100",
        "Permissions-Policy": "usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
    }
    eligible = wanted(site((), "security.preload.eligible", security=declared))
    assert eligible == {"Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload"}
    assert site(GOOD, "tls.protocol.minimum-version", tls=Tls(min_version="1.3")).changes.tls_minimum == "1.3"


def test_errors_without_headers_get_those_of_the_start_page() -> None:
    host = site(GOOD, "security.coverage.errors")
    assert set(wanted(host)) == {name.title() for name, _ in GOOD} - {"Content-Type", "Content-Security-Policy"}
    assert wanted(host)["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"
    assert (
        host.changes.static_policy == "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def test_only_cookies_with_a_tame_name_are_offered() -> None:
    sent = [("set-cookie", one) for one in ("session=1", "a$b;c=1", '"x"=1; Secure', "id=1; Secure; SameSite=Lax")]
    page = http(headers=(*GOOD, *sent))
    (host, *_) = host_policies(environment(), [page], [failed("security.cookies.secure", page)], CARDS)
    assert [(one.name, one.attributes) for one in host.changes.cookies] == [
        ("session", ("Secure", "HttpOnly", "SameSite=Lax"))
    ]


def test_headers_that_findings_name_are_removed() -> None:
    page = http(headers=(*GOOD, ("x-powered-by", "PHP/5.3"), ("server", "nginx/1.18.0")))
    wrong = [
        ("security.server.version-hidden", Finding.of("/", seen="'PHP/5.3'", wanted="no version", what="X-Powered-By")),
        ("security.server.version-hidden", Finding.of("/b", seen="'nginx/1.18.0'", wanted="no version", what="Server")),
        ("security.header-fields.current", Finding.of("/", seen="'1'", wanted="0", what="X-Xss-Protection")),
        ("security.header-fields.current", Finding.of("/", seen="'1'", wanted="0", what="X $host; Y")),
    ]
    results = [
        Result(check, finding.subject, Outcome.FAIL, Severity.LOW, (finding,), (page.id,)) for check, finding in wrong
    ]
    (host, *_) = host_policies(environment(), [page], results, CARDS)
    assert host.changes.removed == ("X-Powered-By", "X-Xss-Protection")
    assert host.changes.server_hidden
    assert row(host, Family.HEADERS).sent == ("Server: nginx/1.18.0", "X-Powered-By: PHP/5.3")


CSP = "security.csp."
POLICIES = [
    ("present", ()),
    ("script-inline", ("default-src 'self'; script-src 'self' 'unsafe-inline'",)),
    ("script-eval", ("script-src 'nonce-Py0o592x6lO3IiacLENbhA' 'unsafe-eval'",)),
    ("script-wildcard", ("script-src https:; script-src-elem *",)),
    ("script-missing", ("img-src 'self'",)),
    ("strict-dynamic", ("script-src 'strict-dynamic'",)),
    ("allowlist-bypass", ("script-src 'self' https://ajax.googleapis.com",)),
    ("unsafe-hashes", ("script-src 'self' 'unsafe-hashes'",)),
    ("object-src", ("script-src 'self'; object-src *",)),
    ("base-uri", ("script-src 'nonce-Py0o592x6lO3IiacLENbhA'",)),
    ("form-action", ("default-src 'self'; form-action *",)),
    ("frame-ancestors", ("default-src 'self'",)),
    ("default-src", ("script-src 'self'; object-src 'none'",)),
    ("insecure-scheme", ("default-src 'self'; img-src http: http://a.example ws://b.example",)),
    ("local-source", ("default-src 'self'; connect-src http://127.0.0.1:3000 http://localhost:1",)),
    ("none-alone", ("default-src 'self'; object-src 'none' https://a.example",)),
    ("syntax", ("default-src self; script-src 'self' script-scr 'none'; objectsrc 'none'",)),
    ("duplicate", ("default-src 'self'; img-src 'self'; img-src *",)),
    ("deprecated", ("default-src 'self'; block-all-mixed-content",)),
    ("nonce-entropy", ("script-src 'nonce-abc' 'nonce-{{nonce}}'",)),
    ("trusted-types", ("default-src 'self'",)),
    ("trusted-type-names", ("default-src 'self'; trusted-types *",)),
    ("style-inline", ("default-src 'self'; style-src 'self' 'unsafe-inline'",)),
]
RULES = {
    "present": lambda policies: () if policies else ("none",),
    "script-inline": csp_review.script_unsafe_inline,
    "script-eval": csp_review.script_unsafe_eval,
    "none-alone": csp_review.none_mixed,
    "trusted-type-names": csp_review.trusted_types_names,
    **{
        rule: getattr(csp_review, rule.replace("-", "_"))
        for rule, _ in POLICIES
        if hasattr(csp_review, rule.replace("-", "_"))
    },
}


@pytest.mark.parametrize(("rule", "sent"), POLICIES, ids=[rule for rule, _ in POLICIES])
def test_the_mended_policy_passes_the_rule_that_failed(rule: str, sent: tuple[str, ...]) -> None:
    assert RULES[rule](csp.parse(sent)), "the sample must break its rule"
    headers = with_header("content-security-policy", *sent)
    text = site(headers, f"{CSP}{rule}").changes.policy.replace(NONCE, "Py0o592x6lO3IiacLENbhA")
    mended = csp.parse([text])
    assert RULES[rule](mended) == ()
    before = {name for name, judge in RULES.items() if judge(csp.parse(sent))}
    after = {name for name, judge in RULES.items() if judge(mended)}
    assert after - {"trusted-types", "style-inline"} <= before  # these two only where the environment asks for them


def test_a_policy_with_a_nonce_has_a_static_part_that_blocks_no_script() -> None:
    host = site((), f"{CSP}present")
    assert NONCE in host.changes.policy
    (static,) = csp.parse([host.changes.static_policy])
    assert static.effective("script-src-elem") is None
    assert static.directive("object-src") == ("'none'",)
    forms = site(GOOD, f"{CSP}form-action")
    assert forms.changes.static_policy == ""  # what was sent says it already: nothing changes but what failed
    lacking = with_header("content-security-policy", "script-src 'nonce-Py0o592x6lO3IiacLENbhA'; img-src 'self'")
    assert site(lacking, f"{CSP}form-action").changes.static_policy == "form-action 'self'"


def test_open_framing_is_closed_in_both_headers() -> None:
    host = site(
        with_header("content-security-policy", "default-src 'self'; frame-ancestors *"), "security.framing.restricted"
    )
    assert host.changes.policy == "default-src 'self'; frame-ancestors 'none'"
    assert wanted(host) == {"X-Frame-Options": "DENY"}


# --- hostile ---

_NAMES = [name for name, _ in GOOD] + ["set-cookie", "server", "location", "access-control-allow-origin"]
_HOSTILE = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=80),
    st.sampled_from(
        [
            "max-age=1; includeSubDomains\"; }} return 200 '$host'; #",
            "default-src 'self' $request_uri {env.HOME} `id` \"; add_header X y; \\",
            "script-src 'nonce-${nonce}' https://a.example/`{$HOME}`;form-action ]]> \"",
            'camera=("https://a\\"b$c" self), geo$x=*',
            'a=b; Domain=$host; Path=/`; SameSite="',
            "x" * 70_000,
            "; ".join(f"img-src{number} 'self'" for number in range(2_000)),
        ]
    ),
)
EVERY = tuple(sorted(name for name in CARDS if family_of(name, CARDS)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(_NAMES), _HOSTILE), max_size=12))
def test_any_headers_give_bounded_words_and_harmless_configuration(headers: list[tuple[str, str]]) -> None:
    host = site(tuple(headers), *EVERY)
    for one in host.policies:
        assert len(one.sent) <= MAX_LINES * 2
        assert all(len(text) <= MAX_TEXT + 100 for text in (*one.sent, *one.in_effect))
    made = host.changes
    values = [
        *(value for _, value in made.headers),
        made.policy,
        made.static_policy,
        *(one.name for one in made.cookies),
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9 ,;=()'\"*:/._~!&+@%?-]*", value.replace(NONCE, "")) for value in values)
    assert all(len(value) <= 3_100 for value in values)
    assert all('"' not in value for value in (made.policy, made.static_policy))
