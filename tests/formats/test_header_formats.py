"""Headers as browsers read them: vectors with their reason, and any text without an exception in bounded time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.formats import csp, html, prometheus

TEXT = st.text(max_size=400)


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
    policies = csp.parse(values)
    for policy in policies:
        csp.allows_inline(policy, "script-src-elem")
        csp.allows_eval(policy)
    csp.nonces(policies)
    for value in values:
        html.scripts(value)


@given(st.text(alphabet="a=;, \"\\'-0123456789maxgincludeSubDomains", max_size=300))
def test_header_like_text_is_read(value: str) -> None:
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
