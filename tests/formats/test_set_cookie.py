"""Set-Cookie: the http-state test suite through a small jar, and the rules that rfc6265bis added."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.formats import set_cookie

VECTORS = Path(__file__).parent / "vectors"
AT = datetime(2026, 11, 21, tzinfo=UTC)
PAGE = "https://app.example.com/shop/cart"

NAMELESS = (
    "§5.6 step 3: a field without an equals sign, or with nothing before it, is a nameless cookie; RFC 6265 drops it"
)
CONTROL = "§5.6 step 1: a control character drops the cookie; the old (disabled) test has it end the value"
ESCAPES = "§5.1.4 compares paths as they stand; the (disabled) test wants %6F decoded"
EMPTY_DOMAIN = "§5.6.3: the last Domain counts even when it is empty, so the cookie is host-only; RFC 6265 skips it"

DIFFERENCES = {
    "0004": (NAMELESS, "foo"),
    "0021": (NAMELESS, "a=b; x; c=d"),
    "0023": (NAMELESS, "foo"),
    "0024": (NAMELESS, "foo"),
    "0025": (NAMELESS, "foo"),
    "0026": (NAMELESS, "foo"),
    "0027": (NAMELESS, "bar"),
    "0028": (NAMELESS, "foo"),
    "chromium0009": (NAMELESS, "BLAHHH"),
    "chromium0010": (NAMELESS, '"BLA\\"HHH"'),
    "chromium0012": (NAMELESS, "ABC"),
    "disabled-chromium0022": (CONTROL, ""),
    "disabled-chromium0023": (CONTROL, ""),
    "disabled-path0029": (ESCAPES, ""),
    "mozilla0012": (NAMELESS, 'test="fubar! = foo; five'),
    "mozilla0014": (NAMELESS, "six"),
    "mozilla0015": (NAMELESS, "seven"),
    "mozilla0016": (NAMELESS, "eight"),
    "mozilla0017": (NAMELESS, "eight; test=six"),
    "name0017": (NAMELESS, "a=bar"),
    "name0023": (NAMELESS, "foo"),
    "name0025": (NAMELESS, "==a=bar"),
    "name0028": (NAMELESS, "a"),
    "name0031": (NAMELESS, '"foo'),
    "name0032": (NAMELESS, '"foo\\"bar'),
    "name0033": (NAMELESS, "aaa"),
    "optional-domain0042": (EMPTY_DOMAIN, "foo=bar"),
}
"""Where rfc6265bis differs from the suite's RFC 6265: its section, and the Cookie field that browsers send."""


def is_public_suffix(host: str) -> bool:
    return host in {"org", "com", "co.uk", "github.io"}


class Jar:
    """A browser's store and what it sends (§5.7, §5.8), without time passing."""

    def __init__(self) -> None:
        self.cookies: dict[tuple[str, str, bool, str], set_cookie.Stored] = {}

    def receive(self, field: str, url: str, at: datetime) -> None:
        found = set_cookie.stored(field, url=url, at=at, is_public_suffix=is_public_suffix)
        if isinstance(found, str):
            return
        key = (found.cookie.name, found.domain, found.host_only, found.path)
        if found.cookie.deletes:
            self.cookies.pop(key, None)
        else:
            self.cookies[key] = found

    def header(self, url: str) -> str:
        host, path = urlsplit(url).hostname or "", urlsplit(url).path
        sent = [
            found
            for found in self.cookies.values()
            if (host == found.domain if found.host_only else set_cookie.domain_matches(host, found.domain))
            and set_cookie.path_matches(path, found.path)
        ]
        sent.sort(key=lambda found: -len(found.path))
        return "; ".join((f"{found.cookie.name}=" if found.cookie.name else "") + found.cookie.value for found in sent)


def _vectors() -> list[tuple[str, list[str], str, str]]:
    rows = json.loads((VECTORS / "cookies_http_state.json").read_text(encoding="utf-8"))
    return [(name, fields, url, sent) for name, fields, url, sent in rows]


@pytest.mark.parametrize(("name", "fields", "url", "sent"), _vectors(), ids=[row[0] for row in _vectors()])
def test_http_state_suite(name: str, fields: list[str], url: str, sent: str) -> None:
    jar = Jar()
    for field in fields:
        # The suite is of 2010 and has cookies that expire in 2019.
        jar.receive(field, "http://home.example.org:8888/cookie-parser", datetime(2011, 1, 1, tzinfo=UTC))
    wanted = DIFFERENCES[name][1] if name in DIFFERENCES else sent
    assert jar.header(url) == wanted


def test_differences_are_real() -> None:
    suite = {name: sent for name, _, _, sent in _vectors()}
    assert len(suite) == 222
    assert all(suite[name] != sent for name, (_, sent) in DIFFERENCES.items())


def _dates() -> list[tuple[str, str | None]]:
    return [(text, wanted) for text, wanted in json.loads((VECTORS / "cookie_dates.json").read_text())]


@pytest.mark.parametrize(("text", "wanted"), _dates(), ids=range(70))
def test_cookie_date_vectors(text: str, wanted: str | None) -> None:
    found = set_cookie.cookie_date(text)
    assert (found.strftime("%Y-%m-%dT%H:%M:%SZ") if found else None) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Tue, 31 Feb 2026 00:00:00 GMT", None),
        ("Thu, 01 Jan 1600 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59Z"),
        ("1 Jan 69 00:00:00", "2069-01-01T00:00:00Z"),
        ("1 Jan 70 00:00:00", "1970-01-01T00:00:00Z"),
        ("1 Jan 2026 24:00:00", None),
        ("1 Jan 2026", None),
        ("", None),
    ],
)
def test_cookie_date(text: str, wanted: str | None) -> None:
    found = set_cookie.cookie_date(text)
    assert (found.strftime("%Y-%m-%dT%H:%M:%SZ") if found else None) == wanted


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("a=b", ("a", "b", False, False, "", False)),
        ("a=b; Secure; HttpOnly; SameSite=lax", ("a", "b", True, True, "Lax", False)),
        ("a=b; secure; SECURE=no; samesite=Sideways", ("a", "b", True, False, "", False)),
        ("a=b; SameSite=Strict; SameSite=None", ("a", "b", False, False, "None", False)),
        ("a=b; SameSite=Strict; SameSite=x", ("a", "b", False, False, "", False)),
        ("a=; Max-Age=0", ("a", "", False, False, "", True)),
        ("a=b; Max-Age=-5", ("a", "b", False, False, "", True)),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ("a", "b", False, False, "", True)),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", ("a", "b", False, False, "", False)),
        ("a=b; Expires=sometime", ("a", "b", False, False, "", False)),
        ("justvalue; Secure", ("", "justvalue", True, False, "", False)),
        ('j={"x": 1}; Priority=High; Partitioned; Secure', ("j", '{"x": 1}', True, False, "", False)),
    ],
)
def test_what_a_field_says(field: str, wanted: tuple[str, str, bool, bool, str, bool]) -> None:
    cookie = set_cookie.parse(field, at=AT)
    assert cookie is not None
    assert (cookie.name, cookie.value, cookie.secure, cookie.http_only, cookie.same_site, cookie.deletes) == wanted


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ("", None),
        ("Max-Age=60", 60),
        ("Max-Age=0060", 60),
        ("Max-Age=0", 0),
        ("Max-Age=-1", 0),
        ("Max-Age=-", None),
        ("Max-Age=+60", None),
        ("Max-Age=6e1", None),
        ("Max-Age=", None),
        ("Max-Age=\u0661", None),
        ("Max-Age=60; Max-Age=x", 60),
        ("Max-Age=60; Max-Age=70", 70),
        ("Max-Age=" + "9" * 900, set_cookie.MAX_LIFETIME_S),
        ("Max-Age=" + "0" * 1022 + "60", 60),
        ("Max-Age=" + "0" * 1023 + "60", None),
        ("Expires=Sat, 21 Nov 2026 00:01:00 GMT", 60),
        ("Expires=Sat, 21 Nov 2026 00:00:00 GMT", 0),
        ("Expires=Sat, 21 Nov 2026 00:01:00 GMT; Max-Age=5", 5),
        ("Max-Age=5; Expires=Sat, 21 Nov 2026 00:01:00 GMT", 5),
        ("Expires=Fri, 31 Dec 9999 23:59:59 GMT", set_cookie.MAX_LIFETIME_S),
        ("Expires=Sat, 21 Nov 2026 00:01:00 GMT; Expires=never", 60),
    ],
)
def test_lifetime(attributes: str, seconds: int | None) -> None:
    cookie = set_cookie.parse(f"a=b; {attributes}", at=AT)
    assert cookie is not None
    assert cookie.expires_in_s == seconds
    assert cookie.persistent is (seconds is not None)
    assert cookie.deletes is (seconds == 0)


def test_half_a_second_is_left() -> None:
    cookie = set_cookie.parse("a=b; Expires=Sat, 21 Nov 2026 00:00:01 GMT", at=AT.replace(microsecond=500_000))
    assert cookie is not None
    assert (cookie.expires_in_s, cookie.deletes) == (1, False)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ("", "neither name nor value"),
        ("=", "neither name nor value"),
        ("; Secure", "neither name nor value"),
        ("a=b\x00c", "control character"),
        ("a=b\x7f", "control character"),
        ("a=b; Path=/\n", "control character"),
        ("x" * 4096 + "=1", "4096 octets"),
        ("x=" + "\u00e9" * 2048, "4096 octets"),
    ],
)
def test_fields_that_browsers_ignore(field: str, why: str) -> None:
    found = set_cookie.read(field, at=AT)
    assert isinstance(found, str)
    assert why in found
    assert set_cookie.parse(field, at=AT) is None


def test_largest_cookie() -> None:
    assert set_cookie.parse("x" * 95 + "=" + "y" * 4001 + "; a=" + "z" * 9000, at=AT) is not None


def _stored(field: str, url: str = PAGE) -> set_cookie.Stored | str:
    return set_cookie.stored(field, url=url, at=AT, is_public_suffix=is_public_suffix)


@pytest.mark.parametrize(
    ("field", "url", "why"),
    [
        ("a=b; SameSite=None", PAGE, "SameSite=None needs Secure"),
        ("a=b; Partitioned", PAGE, "Partitioned needs Secure"),
        ("a=b; Secure", "http://app.example.com/", "Secure over plain http"),
        ("__Secure-a=b", PAGE, "__Secure- needs Secure"),
        ("__SECURE-a=b", PAGE, "__Secure- needs Secure"),
        ("__Host-a=b; Path=/", PAGE, "__Host- needs Secure"),
        ("__Host-a=b; Secure", PAGE, "__Host- needs Path=/"),
        ("__Host-a=b; Secure; Path=/app", PAGE, "__Host- needs Path=/"),
        ("__host-a=b; Secure; Path=/; Domain=app.example.com", PAGE, "__Host- forbids Domain"),
        ("__Host-Http-a=b; Secure; HttpOnly", PAGE, "__Host-Http- needs Path=/"),
        ("__Host-a=b; Secure; Path=/", "http://app.example.com/", "Secure over plain http"),
        ("=__Host-a=b; Secure; Path=/", PAGE, "nameless"),
        ("__secure-a; Secure", PAGE, "nameless"),
        ("a=b; Domain=example.org", PAGE, "neither app.example.com nor a parent"),
        ("a=b; Domain=xample.com", PAGE, "neither app.example.com nor a parent"),
        ("a=b; Domain=sub.app.example.com", PAGE, "neither app.example.com nor a parent"),
        ("a=b; Domain=com", PAGE, "public suffix"),
        ("a=b; Domain=..example.com", PAGE, "neither"),
        ("a=b; Domain=0.1", "https://127.0.0.1/", "neither"),
        ("a=b; Domain=b\u00fccher.example", "https://b\u00fccher.example/", "not ASCII"),
        ("a=b; Domain=x", "https://[/", "neither"),
    ],
)
def test_cookies_that_browsers_drop(field: str, url: str, why: str) -> None:
    found = _stored(field, url)
    assert isinstance(found, str)
    assert why in found


@pytest.mark.parametrize(
    ("field", "url", "domain", "host_only", "path"),
    [
        ("a=b", PAGE, "app.example.com", True, "/shop"),
        ("a=b", "https://app.example.com", "app.example.com", True, "/"),
        ("a=b; Path=relative", PAGE, "app.example.com", True, "/shop"),
        ("a=b; Path=/x; Path=", PAGE, "app.example.com", True, "/shop"),
        ("a=b; Path=/" + "x" * 1024, PAGE, "app.example.com", True, "/shop"),
        ("a=b; Domain=.Example.com; Path=/x", PAGE, "example.com", False, "/x"),
        ("a=b; Domain=app.example.com", PAGE, "app.example.com", False, "/shop"),
        ("a=b; Domain=", PAGE, "app.example.com", True, "/shop"),
        ("a=b; Domain=.", PAGE, "app.example.com", True, "/shop"),
        ("a=b; Domain=127.0.0.1", "https://127.0.0.1/", "127.0.0.1", False, "/"),
        ("a=b; Domain=github.io", "https://github.io/", "github.io", True, "/"),
        ("a=b", "https://b\u00fccher.example/", "xn--bcher-kva.example", True, "/"),
        ("__Host-a=b; Secure; Path=/", PAGE, "app.example.com", True, "/"),
        ("__Secure-a=b; Secure; Domain=example.com", PAGE, "example.com", False, "/shop"),
        ("__Http-a=b", PAGE, "app.example.com", True, "/shop"),
        ("a=b; SameSite=None; Secure; Partitioned", PAGE, "app.example.com", True, "/shop"),
    ],
)
def test_cookies_that_browsers_keep(field: str, url: str, domain: str, host_only: bool, path: str) -> None:
    found = _stored(field, url)
    assert isinstance(found, set_cookie.Stored), found
    assert (found.domain, found.host_only, found.path) == (domain, host_only, path)


def test_every_problem_is_told() -> None:
    cookie = set_cookie.parse("__Host-a=b; Domain=example.org; SameSite=None", at=AT)
    assert cookie is not None
    assert cookie.problems == (
        "__Host- needs Secure",
        "__Host- forbids Domain",
        "__Host- needs Path=/",
        "SameSite=None needs Secure",
    )
    assert set_cookie.problems_at(cookie, url=PAGE, is_public_suffix=is_public_suffix) == (
        *cookie.problems,
        "Domain=example.org is neither app.example.com nor a parent of it",
    )


def test_facts_for_checks() -> None:
    cookie = set_cookie.parse(
        "__hOST-http-a=b; Secure; Path=/; SameSite=Laxx; Priority=HIGH; Version=1; version=2; x; =y; Max-Age=1h", at=AT
    )
    assert cookie is not None
    assert (cookie.prefix, cookie.same_site, cookie.same_site_raw) == ("__Host-Http-", "", "Laxx")
    assert (cookie.priority, cookie.unknown, cookie.host_only) == ("high", ("version", "x"), True)
    assert cookie.remarks == (
        "SameSite='Laxx' is unknown, so the browser's default counts",
        "Max-Age='1h' is not a number of seconds, so browsers ignore it",
        "__Host-Http- wants Secure and HttpOnly",
    )
    bare = set_cookie.parse("a=b", at=AT)
    assert bare is not None
    assert (bare.prefix, bare.same_site_raw, bare.partitioned, bare.unknown, bare.remarks) == ("", None, False, (), ())


@pytest.mark.parametrize(
    ("field", "joined"),
    [
        ("a=1; Path=/, b=2; Path=/", True),
        ("a=1; Path=/,b=2", True),
        ("a=1, b=2; Path=/", True),
        ("a=YWI=, b=2; Path=/", True),
        ("a=1, b=2", False),
        ("cart=x=1, y=2; Secure", False),
        ("a=1; HttpOnly, b=2", True),
        ('a=b; Comment="x, y=z"; Secure', False),
        ('a=b; Path="/x, y=z"; Secure', False),
        ("a=b; Comment=x, y=z; Secure", False),
        ("a=1; Expires=Sat, 21 Nov 2026 00:01:00 GMT, b=2", True),
        ("a=1; Expires=Sat, 21 Nov 2026 00:01:00 GMT", False),
        ("a=1; Expires=Sat, 21-Nov-26 00:01:00 GMT; Path=/", False),
        ("a=1,b=2", False),
        ('a="1, b=2"', False),
        ("a=one, two; Path=/", False),
        ('a={"x":1,"y":2}', False),
    ],
)
def test_looks_joined(field: str, joined: bool) -> None:
    cookie = set_cookie.parse(field, at=AT)
    assert cookie is not None
    assert cookie.looks_joined is joined


@given(
    field=st.text(alphabet='a=;, \t"_-.:/0123456789\u00e9 DomainPathMaxAgeExpiresSecureSameSiteNone', max_size=200),
    url=st.sampled_from(
        [PAGE, "http://localhost", "", "https://[", "https://[::1]/a", "https://a..b/", "https://\u00e9"]
    ),
)
def test_what_is_kept_is_within_the_limits(field: str, url: str) -> None:
    found = _stored(field, url)
    if isinstance(found, str):
        assert found
        return
    cookie = found.cookie
    assert cookie.name or cookie.value
    assert cookie.expires_in_s is None or 0 <= cookie.expires_in_s <= set_cookie.MAX_LIFETIME_S
    assert found.path.startswith("/")
    assert cookie.secure or cookie.same_site != "None"
    if url == PAGE:
        assert found.domain in {"app.example.com", "example.com"}
