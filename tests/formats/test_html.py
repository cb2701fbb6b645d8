"""Documents as browsers read them, where a rule depends on it, and hostile ones in linear time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import html


def test_scripts() -> None:
    found = html.scripts(
        '<script nonce=a>1</script><SCRIPT src="/x.js"></script><script type="application/ld+json">{}</script>'
    )
    assert [(one.src, one.nonce, one.executes) for one in found] == [
        ("", "a", True),
        ("/x.js", "", True),
        ("", "", False),
    ]


def test_all_of_a_script() -> None:
    (found,) = html.scripts('x<script SRC=" /a\n.js " integrity=sha256-x CrossOrigin type=Module src=b>t</script >')
    assert found == html.Script("/a.js", "", "module", "t", "sha256-x", "", 1, external=True)


@pytest.mark.parametrize(
    ("document", "texts"),
    [
        ("<script>if (a<b) '<script>'</script>", ["if (a<b) '<script>'"]),
        ("<script>a</scripty></script>", ["a</scripty>"]),
        ("<script>a", ["a"]),
        ("<script>&lt;</script>", ["&lt;"]),
        ("<!-- <script>a</script> --><script>b</script>", ["b"]),
        ("<!--><script>b</script>", ["b"]),
        ("<!-- --!><script>b</script>", ["b"]),
        ("<!-- <script>a</script>", []),
        ("<style><script>a</script></style>", []),
        ("<textarea><script>a</script></textarea><script>b</script>", ["b"]),
        ("<title><script>a</script></title>", []),
        ("<noscript><script>a</script></noscript>", []),
        ("<template><script>a</script></template><script>b</script>", ["b"]),
        ("<template shadowrootmode=open><script>a</script></template>", ["a"]),
        ("<?php <script>a</script>", []),
        ("<a title='<script>a</script>'>", []),
        ("<a title='<script>a</script>", []),
        ("<script", []),
        ("</ <script>x</script>", []),
        ("< script>x</script>", []),
        ("<div/><script/>a</script>", ["a"]),
    ],
)
def test_what_is_a_script(document: str, texts: list[str]) -> None:
    assert [one.text for one in html.scripts(document)] == texts


@pytest.mark.parametrize(
    ("kind", "runs"),
    [
        ("", True),
        ("text/javascript", True),
        (" TEXT/ECMAScript ", True),
        ("module", True),
        ("importmap", True),
        ("application/json", False),
        ("text/javascript; charset=utf-8", False),
        ("text/template", False),
    ],
)
def test_types_that_run(kind: str, runs: bool) -> None:
    assert html.scripts(f'<script type="{kind}">1</script>')[0].executes is runs


def test_digests() -> None:
    (found,) = html.scripts("<script>alert('Hello, world.');</script>")
    assert "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=" in found.digests
    assert {name.partition("-")[0] for name in found.digests} == {"sha256", "sha384", "sha512"}


def test_links_and_base() -> None:
    found = html.read(
        '<base target=_top><base href="/b/"><base href=/c/><link rel="StyleSheet Icon" href=a.css as=Style>'
    )
    assert found.base == "/b/"
    assert found.links == (html.Link(frozenset({"stylesheet", "icon"}), "a.css", "", None, "style", 50),)
    assert found.absolute("a.css", "https://a.test/x") == "https://a.test/b/a.css"
    assert found.absolute("http://[", "https://a.test/x") == ""


@pytest.mark.parametrize(
    ("document", "in_head"),
    [
        ("<meta {}>", True),
        ("<!doctype html><html><head><title>x</title>\n <script>1</script><meta {}>", True),
        ("<head></head><meta {}>", True),
        ("<head></head><body><meta {}>", False),
        ("text<meta {}>", False),
        ("<p><meta {}>", False),
        ("<head><div></div><meta {}></head>", False),
        ("<head></head></body><meta {}>", False),
    ],
)
def test_policies_in_the_head(document: str, in_head: bool) -> None:
    said = "http-equiv=' Content-Security-Policy' content='default-src &#39;self&#39;'"
    (found,) = html.read(document.format(said)).policies
    assert (found.content, found.in_head, found.report_only) == ("default-src 'self'", in_head, False)
    assert found.position == document.index("<meta")


@pytest.mark.parametrize(
    ("document", "charset"),
    [
        ("<meta charset=UTF-8>", "utf-8"),
        ('<meta http-equiv=Content-Type content="text/html; charset=ISO-8859-1">', "iso-8859-1"),
        ("<meta charset=utf-8><meta charset=latin1>", "utf-8"),
        ("<meta name=x content='charset=utf-8'>", ""),
        ("", ""),
    ],
)
def test_charset(document: str, charset: str) -> None:
    assert html.read(document).charset == charset


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ("<script src=a>", [("src", "a", True)]),
        ("<img src=a srcset='b 1x, c 2x'>", [("src", "a", False), ("srcset", "b", True), ("srcset", "c", True)]),
        ("<link rel=stylesheet href=a>", [("href", "a", True)]),
        ("<link rel=icon href=a>", [("href", "a", False)]),
        ("<link rel=canonical href=a>", []),
        ("<a href=a>", []),
        ("<iframe src=a></iframe>", [("src", "a", True)]),
        ("<video src=a poster=b>", [("src", "a", False), ("poster", "b", False)]),
        ("<form action=a><button formaction=b>", [("action", "a", True), ("formaction", "b", True)]),
        ("<object data=a>", [("data", "a", True)]),
    ],
)
def test_references(document: str, wanted: list[tuple[str, str, bool]]) -> None:
    assert [(one.attribute, one.url, one.blockable) for one in html.read(document).references] == wanted


@pytest.mark.parametrize(("url", "host"), [("https://A.test:1/x", "a.test"), ("http://[", ""), ("x", "")])
def test_hosts(url: str, host: str) -> None:
    assert html.host_of(url) == host


def test_a_character_reference_of_many_digits_is_text() -> None:
    assert html.scripts(f"<script src='&#{'9' * 5000};'>")[0].src.startswith("&#9")


MARKUP = st.text(alphabet="<>/!-=\"' abcdefghimnoprstxyz&;#0\n", max_size=300)


@given(st.one_of(st.text(max_size=300), MARKUP))
def test_any_text_is_read(text: str) -> None:
    found = html.read(text)
    assert all(text[one.position] == "<" for one in found.scripts)
    found.absolute(text, "https://a.test/")


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<a ",
        "<!",
        "<!--",
        "<![",
        "<?",
        "</",
        "<a b='",
        '<a b="x',
        "&#",
        "<script>",
        "<script",
        "<script></scrip",
        "a=",
        "<a/",
        "<a b c=",
        " ",
        "/",
        "<template>",
        "<img srcset=a,",
        "<meta charset=",
        "\x00",
        "</script",
    ],
)
@pytest.mark.parametrize("prefix", ["", "<a ", "<meta http-equiv=content-type content='"])
def test_hostile_documents_take_linear_time(prefix: str, unit: str) -> None:
    document = prefix + unit * (60_000 // len(unit))
    assert seconds(lambda: html.read(document), 0.5) < 0.5
