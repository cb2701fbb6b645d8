"""Integrity metadata as browsers read it, and what of a page is not pinned."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import html, sri

CONTENT = b"alert(1)"


def digest(name: str, content: bytes = CONTENT) -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, content).digest()).decode()}"


GOOD = digest("sha384")


@pytest.mark.parametrize(
    ("text", "algorithm", "number", "ignored"),
    [
        (digest("sha256"), "sha256", 1, 0),
        (f"  {digest('sha256')}\n{digest('sha256', b'x')} ", "sha256", 2, 0),
        (f"{digest('sha256')} {digest('sha512')} {digest('sha384')}", "sha512", 1, 0),
        (f"{digest('sha384')}?ct=text/javascript", "sha384", 1, 0),
        (digest("sha384").replace("sha", "SHA"), "sha384", 1, 0),
        (digest("sha384").replace("+", "-").replace("/", "_"), "sha384", 1, 0),
        (digest("sha256").rstrip("="), "sha256", 1, 0),
        (f"md5-abc sha384-abc {digest('sha256')}", "sha256", 1, 2),
    ],
)
def test_metadata(text: str, algorithm: str, number: int, ignored: int) -> None:
    found = sri.parse(text)
    assert isinstance(found, sri.Integrity)
    assert (found.algorithm, len(found.digests), len(found.ignored)) == (algorithm, number, ignored)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("sha256", "is no SHA-256"),
        ("sha256-", "is no SHA-256"),
        ("sha384-abc", "is no SHA-256"),
        (digest("md5"), "is no SHA-256"),
        (digest("sha1"), "is no SHA-256"),
        (digest("sha256").replace("sha256", "sha384"), "is no SHA-256"),
        (GOOD.replace("sha384-", "sha384-!"), "is no SHA-256"),
        (GOOD.replace("sha384-", "sha384 "), "is no SHA-256"),
    ],
)
def test_metadata_that_protects_nothing(text: str, why: str) -> None:
    found = sri.parse(text)
    assert isinstance(found, str)
    assert why in found


CDN = "https://cdn.example/a.js"


@pytest.mark.parametrize(
    ("document", "seen"),
    [
        (f"<script src={CDN} integrity={GOOD} crossorigin></script>", []),
        (f"<script src={CDN} integrity={GOOD} crossorigin=anonymous></script>", []),
        ("<script src=/a.js></script><script src=https://www.acme.test:443/b.js></script>", []),
        (f"<script src={CDN} type=application/json></script>", []),
        ("<script>1</script><script src=data:text/javascript,1></script>", []),
        (f"<link rel=preconnect href={CDN}><link rel=icon href={CDN}>", []),
        (f"<link rel=modulepreload href={CDN} integrity={GOOD}>", []),
        (f"<script src={CDN}></script>", ["without integrity"]),
        (f"<link rel=stylesheet href={CDN}>", ["without integrity"]),
        (f"<link rel='modulepreload' href={CDN}>", ["without integrity"]),
        ("<script src=//cdn.example/a.js></script>", ["without integrity"]),
        ("<script src=https://static.acme.test/a.js></script>", ["without integrity"]),
        ("<script src=https://www.acme.test:8443/a.js></script>", ["without integrity"]),
        ("<base href=https://cdn.example/><script src=a.js></script>", ["without integrity"]),
        (f"<script src={CDN} integrity=sha384-x crossorigin></script>", ["with an integrity that protects nothing"]),
        ("<script src=/a.js integrity=sha384-x></script>", ["with an integrity that protects nothing"]),
        (f"<script src={CDN} integrity={GOOD}></script>", ["with integrity but without crossorigin"]),
        (f"<script src=//cdn.example/a.js integrity={GOOD} crossorigin></script>", ["without a scheme"]),
        (f"<script src=http://cdn.example/a.js integrity={GOOD} crossorigin></script>", ["fetched over http"]),
        (f"<script src={CDN}></script><script src={CDN}></script>", ["without integrity"]),
        ("<script src=http://[></script>", []),
    ],
)
def test_unpinned(document: str, seen: list[str]) -> None:
    found = sri.unpinned(html.read(document), "https://www.acme.test/page")
    assert len(found) == len(seen)
    for one, wanted in zip(found, seen, strict=True):
        assert one.seen.startswith(wanted)
        assert one.wanted


@given(st.one_of(st.text(max_size=300), st.text(alphabet="sha2563841-+/=? AZ", max_size=300)))
def test_any_text_is_read(text: str) -> None:
    sri.parse(text)
    sri.unpinned(html.read(f'<script src="{text}" integrity="{text}">'), text)
    sri.origin(text)


@pytest.mark.parametrize("unit", ["sha256-", "a ", "-", "=", "?", "sha256-a "])
def test_long_metadata_is_quick(unit: str) -> None:
    assert seconds(lambda: sri.parse(unit * 30_000), 0.2) < 0.2
