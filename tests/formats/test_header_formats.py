"""Headers as browsers read them: vectors with their reason, and any text without an exception in bounded time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.formats import cache_control, csp, hsts, html, prometheus, set_cookie

AT = datetime(2026, 11, 21, tzinfo=UTC)
TEXT = st.text(max_size=400)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["max-age=31536000"], hsts.Hsts(31536000, False, False)),
        (["max-age=31536000; includeSubDomains; preload"], hsts.Hsts(31536000, True, True)),
        (['Max-Age="60" ; INCLUDESUBDOMAINS'], hsts.Hsts(60, True, False)),
        (["; ; max-age = 1 ;"], hsts.Hsts(1, False, False)),
        (["max-age=0"], hsts.Hsts(0, False, False)),
        (["max-age=1; unknown=yes"], hsts.Hsts(1, False, False)),
        (["max-age=60", "max-age=31536000"], hsts.Hsts(60, False, False)),
    ],
)
def test_hsts_in_force(values: list[str], wanted: hsts.Hsts) -> None:
    assert hsts.parse(values) == wanted


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "absent"),
        (["includeSubDomains"], "without max-age"),
        (["max-age=1; max-age=2"], "twice"),
        (["max-age=1; includeSubDomains; includesubdomains"], "twice"),
        (["max-age=-1"], "not a number"),
        (["max-age=1e9"], "not a number"),
        (["max-age"], "without max-age"),
        (["max-age=1, max-age=2"], "not a list of directives"),
        (['max-age="1'], "not a list of directives"),
        (["\n"], "not a list of directives"),
        (["max-age=1;\n"], "not a list of directives"),
    ],
)
def test_hsts_void(values: list[str], why: str) -> None:
    found = hsts.parse(values)
    assert isinstance(found, str)
    assert why in found


@pytest.mark.parametrize(
    ("values", "elements", "attributes", "evaluates"),
    [
        (["script-src 'unsafe-inline'"], True, True, False),
        (["script-src 'unsafe-inline' 'nonce-abc'"], False, False, False),
        (["script-src 'unsafe-inline' 'nonce-!bad!'"], True, True, False),
        (["script-src 'unsafe-inline' 'strict-dynamic'"], False, False, False),
        (["script-src 'unsafe-inline' 'sha256-AAAA='"], False, False, False),
        (["script-src 'self'; script-src-attr 'unsafe-inline'"], False, True, False),
        (["default-src 'unsafe-inline' 'unsafe-eval'"], True, True, True),
        (["default-src 'self', script-src 'unsafe-inline'"], False, False, False),
        (["script-src 'unsafe-inline'", "script-src 'unsafe-inline'"], True, True, False),
        (["img-src *"], True, True, True),
        (["script-src 'self'; script-src 'unsafe-inline'"], False, False, False),
        (["SCRIPT-SRC 'UNSAFE-INLINE'"], True, True, False),
    ],
)
def test_csp_lets_through(values: list[str], elements: bool, attributes: bool, evaluates: bool) -> None:
    policies = csp.parse(values)
    assert all(csp.allows_inline(policy, "script-src-elem") for policy in policies) is elements
    assert all(csp.allows_inline(policy, "script-src-attr") for policy in policies) is attributes
    assert all(csp.allows_eval(policy) for policy in policies) is evaluates


def test_csp_nonces() -> None:
    assert csp.nonces(csp.parse(["script-src 'nonce-a1' 'NONCE-b2=='; style-src 'nonce-c3'"])) == {"a1", "b2=="}


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("a=b", ("a", "b", False, False, "", False)),
        ("a=b; Secure; HttpOnly; SameSite=lax", ("a", "b", True, True, "Lax", False)),
        ("a=b; secure; SECURE=no; samesite=Sideways", ("a", "b", True, False, "", False)),
        ("a=b; SameSite=Strict; SameSite=None", ("a", "b", False, False, "None", False)),
        ("a=; Max-Age=0", ("a", "", False, False, "", True)),
        ("a=b; Max-Age=-5", ("a", "b", False, False, "", True)),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ("a", "b", False, False, "", True)),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", ("a", "b", False, False, "", False)),
        ("a=b; Expires=sometime", ("a", "b", False, False, "", False)),
        ("justvalue; Secure", ("", "justvalue", True, False, "", False)),
    ],
)
def test_set_cookie(field: str, wanted: tuple[str, str, bool, bool, str, bool]) -> None:
    cookie = set_cookie.parse(field, at=AT)
    assert cookie is not None
    assert (cookie.name, cookie.value, cookie.secure, cookie.http_only, cookie.same_site, cookie.deletes) == wanted


@pytest.mark.parametrize("field", ["", "=", "; Secure", "a=b\x00c", "x" * 5000 + "=1"])
def test_cookies_that_browsers_ignore(field: str) -> None:
    assert set_cookie.parse(field, at=AT) is None


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["public, max-age=60"], {"public": "", "max-age": "60"}),
        (['private="a, b", no-cache'], {"private": "a, b", "no-cache": ""}),
        (["max-age=1", "MAX-AGE=2"], {"max-age": "1"}),
        (["=bad, no-store"], {"no-store": ""}),
        (["max-age = 5"], {"max-age": "5"}),
    ],
)
def test_cache_control(values: list[str], wanted: dict[str, str]) -> None:
    assert cache_control.parse(values) == wanted


def test_cache_control_seconds() -> None:
    assert cache_control.seconds({"max-age": "60"}, "max-age") == 60
    assert cache_control.seconds({"max-age": "-60"}, "max-age") is None
    assert cache_control.seconds({}, "max-age") is None


def test_prometheus() -> None:
    text = '# HELP a b\n# TYPE a counter\na 1\nb{x="1,2",y="q\\"q\\n"} 2.5e3 1700000000000\nc_bucket{le="+Inf"} +Inf\n'
    samples = prometheus.parse(text)
    assert [(sample.name, sample.value) for sample in samples] == [("a", 1), ("b", 2500), ("c_bucket", float("inf"))]
    assert samples[1].labels == (("x", "1,2"), ("y", 'q"q\n'))


@pytest.mark.parametrize("text", ["<html>", "a", "a b", "a{x=1} 2", '{"json": 1}', "1a 2"])
def test_not_prometheus(text: str) -> None:
    with pytest.raises(prometheus.MalformedMetrics):
        prometheus.parse(text)


def test_scripts() -> None:
    found = html.scripts(
        '<script nonce=a>1</script><SCRIPT src="/x.js"></script><script type="application/ld+json">{}</script>'
    )
    assert [(one.src, one.nonce, one.executes) for one in found] == [
        ("", "a", True),
        ("/x.js", "", True),
        ("", "", False),
    ]


@given(st.lists(TEXT, max_size=4))
def test_any_text_is_read(values: list[str]) -> None:
    hsts.parse(values)
    policies = csp.parse(values)
    for policy in policies:
        csp.allows_inline(policy, "script-src-elem")
        csp.allows_eval(policy)
    csp.nonces(policies)
    cache_control.parse(values)
    set_cookie.parse_all(values, at=AT)
    for value in values:
        html.scripts(value)


@given(st.text(alphabet="a=;, \"\\'-0123456789maxgincludeSubDomains", max_size=300))
def test_header_like_text_is_read(value: str) -> None:
    hsts.parse([value])
    cache_control.parse([value])
    set_cookie.parse(value, at=AT)
    csp.parse([value])


@given(TEXT)
def test_any_text_is_metrics_or_malformed(text: str) -> None:
    try:
        prometheus.parse(text)
    except prometheus.MalformedMetrics as error:
        assert "line" in str(error)


def test_long_values_are_quick() -> None:
    for value in (
        "max-age=" + "9" * 100_000,
        "a" * 100_000,
        ";" * 100_000,
        '"' * 100_000,
        "\\" * 50_000,
        "=," * 50_000,
    ):
        test_any_text_is_read.hypothesis.inner_test([value])  # type: ignore[attr-defined]
