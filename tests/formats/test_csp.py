"""CSP against what browsers' own tests say: how a value parses, and whether a URL passes.

The tables hold facts of Chromium's content_security_policy, csp_source and csp_source_list unit tests, and of Firefox's
TestCSPParser: the value, and the verdict. Where this parser differs on purpose, DIFFERENCES says why.
"""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import csp

DIFFERENCES = {
    "'self' and ws://": "Chromium's navigation list refuses; CSP3 §6.7.2.8 counts a WebSocket as its HTTP request",
    "http://a.com:8000 and https://a.com:8000": "Chromium wants the port upgraded too; CSP3 and Firefox do not",
    "*/": "Firefox refuses a path after a bare *; CSP3's grammar and Chromium allow it",
    "paths with a character outside RFC 3986": "Firefox refuses, Chromium decodes; CSP3's grammar refuses",
    "a policy of unknown directives only": "Firefox drops it; CSP3 and Chromium keep it, it restricts nothing",
    "IP addresses": "CSP3 §6.7.2.10 matches none but 127.0.0.1; browsers match them as names",
    "comma in a meta element": "Chromium splits; HTML §4.2.5.3 parses one policy",
}

CHROMIUM_PARSING: list[tuple[str, tuple[str, str, str, str] | None]] = [
    # source, (scheme, host, port, path) or None where no browser understands it
    (":", None),
    ("a:", ("a", "", "", "")),
    ("1ba:", None),
    ("-:", None),
    ("abcd:", ("abcd", "", "", "")),
    ("a123:", ("a123", "", "", "")),
    ("a+-:", ("a+-", "", "", "")),
    ("a1+-:", ("a1+-", "", "", "")),
    ("wrong_scheme", None),
    ("wrong_scheme://", None),
    ("*.", None),
    ("*.a", ("", "*.a", "", "")),
    ("a.*", None),
    ("a.*.b", None),
    ("*a", None),
    ("a", ("", "a", "", "")),
    ("a.b.c", ("", "a.b.c", "", "")),
    (".b.c", None),
    ("a..c", None),
    ("a.", ("", "a.", "", "")),
    ("a.b.", ("", "a.b.", "", "")),
    ("az09-", ("", "az09-", "", "")),
    ("+", None),
    ("---.com", ("", "---.com", "", "")),
    ("scheme://host:", None),
    ("a:80", ("", "a", "80", "")),
    ("a:*", ("", "a", "*", "")),
    ("a:000", ("", "a", "000", "")),
    ("a:0", ("", "a", "0", "")),
    ("a:-1", None),
    ("a:+1", None),
    ("example.com/%48%65%6c%6c%6f", ("", "example.com", "", "/%48%65%6c%6c%6f")),
    ("*", ("", "*", "", "")),
    ("*:*", ("", "*", "*", "")),
    ("http:", ("http", "", "", "")),
    ("https://*", ("https", "*", "", "")),
    ("http:/example.com", None),
    ("http://", None),
    ("example.com", ("", "example.com", "", "")),
    ("example.com/path", ("", "example.com", "", "/path")),
    ("https://example.com", ("https", "example.com", "", "")),
    ("https://example.com/path", ("https", "example.com", "", "/path")),
    ("https://example.com:1234", ("https", "example.com", "1234", "")),
    ("https://example.com:2345/some/path", ("https", "example.com", "2345", "/some/path")),
    ("about:blank", None),
    ("object-src", ("", "object-src", "", "")),
    ("http://example.org/index.html?a=b", ("http", "example.org", "", "/index.html")),
    ("http://example.org/index.html#a", ("http", "example.org", "", "/index.html")),
]

FIREFOX_VALID: list[tuple[str, tuple[str, str, str, str]]] = [
    ("xn--mnchen-3ya.de", ("", "xn--mnchen-3ya.de", "", "")),
    ("HTTP://WWW.EXAMPLE.COM", ("http", "www.example.com", "", "")),
    ("HTTPS://*.example.COM", ("https", "*.example.com", "", "")),
    ("http://www.example.com/", ("http", "www.example.com", "", "/")),
    ("http://www.example.com/path-1/path_2/", ("http", "www.example.com", "", "/path-1/path_2/")),
    ("http://www.example.com/path-1/path_2/file_1.js", ("http", "www.example.com", "", "/path-1/path_2/file_1.js")),
    ("http://www.example.com:88", ("http", "www.example.com", "88", "")),
    ("http://www.example.com:88/", ("http", "www.example.com", "88", "/")),
    ("http://www.example.com:88/path-1/", ("http", "www.example.com", "88", "/path-1/")),
    ("http://www.example.com:*", ("http", "www.example.com", "*", "")),
    ("http://www.example.com:*/path-1/file.js", ("http", "www.example.com", "*", "/path-1/file.js")),
    ("http://www.example.com#foo", ("http", "www.example.com", "", "")),
    ("http://www.example.com?foo=bar", ("http", "www.example.com", "", "")),
    ("http://www.example.com:8888#foo", ("http", "www.example.com", "8888", "")),
    ("http://www.example.com:8888?foo", ("http", "www.example.com", "8888", "")),
    ("http://www.example.com/#foo", ("http", "www.example.com", "", "/")),
    ("http://www.example.com/path-1/file.js?foo#bar", ("http", "www.example.com", "", "/path-1/file.js")),
    ("http://www.example.com/foo%3Bsessionid=12%2C34", ("http", "www.example.com", "", "/foo%3Bsessionid=12%2C34")),
    ("http://test.com/pathIncludingAz19-._~!$&'()*+=:@", ("http", "test.com", "", "/pathIncludingAz19-._~!$&'()*+=:@")),
    ("http://www.example.com:88/.js", ("http", "www.example.com", "88", "/.js")),
    ("https://foo.com/_abc/abc_/_/_a_b_c_", ("https", "foo.com", "", "/_abc/abc_/_/_a_b_c_")),
    ("javascript:", ("javascript", "", "", "")),
    ("data:", ("data", "", "", "")),
    ("*:80", ("", "*", "80", "")),
    ("http://*:80", ("http", "*", "80", "")),
    ("127.0.0.1", ("", "127.0.0.1", "", "")),
    ("127.0.0.1:*", ("", "127.0.0.1", "*", "")),
    ("-", ("", "-", "", "")),
    ("1", ("", "1", "", "")),
    ("http://www.example.com/path-1//", ("http", "www.example.com", "", "/path-1//")),
    ("http://www.example.com/path-1//path_2", ("http", "www.example.com", "", "/path-1//path_2")),
    ("https://test1.example.com/abc////////////def/", ("https", "test1.example.com", "", "/abc////////////def/")),
    ("foo/bar/report.py", ("", "foo", "", "/bar/report.py")),
    ("HTTP", ("", "http", "", "")),
    ("policy-uri", ("", "policy-uri", "", "")),
    ("*.a.b.c", ("", "*.a.b.c", "", "")),
    ("a2-c.com", ("", "a2-c.com", "", "")),
    ("https://*:*", ("https", "*", "*", "")),
    ("*.example.com/path-1/", ("", "*.example.com", "", "/path-1/")),
    ("test1.example.com:*/path-1/path_2/f.ile.js", ("", "test1.example.com", "*", "/path-1/path_2/f.ile.js")),
    ("http://a.b.c.d.e.f.g.h.i.j.k.l.x.com", ("http", "a.b.c.d.e.f.g.h.i.j.k.l.x.com", "", "")),
]

FIREFOX_INVALID = [
    "**",
    "'self",
    "'unsafe-inlin'",
    ":88",
    "abc::::::88",
    "*.*:*",
    "*::88",
    "http://localhost:",
    "test..com",
    "sub1.sub2.example+",
    "http://www.example.com//",
    "http://www.example.com:88path-1/",
    "http://www.example.com:88//",
    "http://www.example.com:88//path-1",
    "http://www.example.com:88.js",
    "http://www.example.com:*.js",
    "http://www.example.com:*.",
    "'nonce-{invalid}'",
    "'sha256-{invalid}'",
    "'nonce-in$valid'",
    "'sha256-in$valid'",
    "'nonce-invalid==='",
    "'sha256-invalid==='",
    "'nonce-==='",
    "'sha256-==='",
    "'nonce-=='",
    "'sha256-=='",
    "'nonce-='",
    "'sha256-='",
    "'nonce-'",
    "'sha256-'",
    "http://www.example.com/foo%zz",
    "https://foo.com/%$",
    "foo.*.bar",
    "foo!bar.com",
    "x.*.a.com",
    "http://foo.com:bar.com:23",
    "f!oo.bar",
    "ht!ps://f-oo.bar",
    "https://f-oo.bar:3f",
    "http://username:password@self.com/foo",
    "test1.example.com:88path-1/",
    "test1.example.com:80.js",
    "test1.example.com:*.",
    "http://test1.example.com:80abc",
]

KEYWORDS_AND_HASHES = [
    ("'SELF'", csp.Kind.KEYWORD, "self"),
    ("'Unsafe-Inline'", csp.Kind.KEYWORD, "unsafe-inline"),
    ("'unsafe-EVAL'", csp.Kind.KEYWORD, "unsafe-eval"),
    ("'NoNe'", csp.Kind.KEYWORD, "none"),
    ("'strict-dynamic'", csp.Kind.KEYWORD, "strict-dynamic"),
    ("'wasm-unsafe-eval'", csp.Kind.KEYWORD, "wasm-unsafe-eval"),
    ("'trusted-types-eval'", csp.Kind.KEYWORD, "trusted-types-eval"),
    ("'report-sample'", csp.Kind.KEYWORD, "report-sample"),
    ("'nonce-correctscriptnonce'", csp.Kind.NONCE, "correctscriptnonce"),
    ("'NoncE-NONCENEEDSTOBEUPPERCASE'", csp.Kind.NONCE, "NONCENEEDSTOBEUPPERCASE"),
    ("'nonce-a'", csp.Kind.NONCE, "a"),
    ("'sha256-a'", csp.Kind.HASH, "sha256-a"),
    (
        "'SHA256-siVR8vAcqP06h2ppeNwqgjr0yZ6yned4X2VF84j4GmI='",
        csp.Kind.HASH,
        "sha256-siVR8vAcqP06h2ppeNwqgjr0yZ6yned4X2VF84j4GmI=",
    ),
]

HTTP, HTTPS = "http://example.com/", "https://a.com/"
CHROMIUM_MATCHING = [
    # source, URL, the page's own URL, whether it passes
    ("http://example.com:8000/foo/", "http://example.com:8000/foo/", "", True),
    ("http://example.com:8000/foo/", "http://example.com:8000/foo/bar", "", True),
    ("http://example.com:8000/foo/", "HTTP://EXAMPLE.com:8000/foo/BAR", "", True),
    ("http://example.com:8000/foo/", "http://example.com:8000/bar/", "", False),
    ("http://example.com:8000/foo/", "https://example.com:8000/bar/", "", False),
    ("http://example.com:8000/foo/", "http://example.com:9000/bar/", "", False),
    ("http://example.com:8000/foo/", "HTTP://example.com:8000/FOO/bar", "", False),
    ("http://example.com:8000/foo/", "HTTP://example.com:8000/FOO/BAR", "", False),
    ("http:", "http://a.com", "", True),
    ("http:", "https://a.com", "", True),
    ("http:", "https://a.com:80", "", True),
    ("http:", "ftp://a.com", "", False),
    ("http:", "ws://a.com", "", False),
    ("http:", "wss://a.com", "", False),
    ("ws:", "http://a.com", "", False),
    ("ws:", "https://a.com", "", False),
    ("ws:", "ftp://a.com", "", False),
    ("ws:", "ws://a.com", "", True),
    ("ws:", "wss://a.com", "", True),
    ("ftp:", "ftp://a.com", "", True),
    ("ftp:", "http://a.com", "", False),
    ("https:", "https://a.com", "", True),
    ("https:", "http://a.com", "", False),
    ("wss:", "wss://a.com", "", True),
    ("wss:", "ws://a.com", "", False),
    ("a.com", "http://a.com", "", False),
    ("a.com", "http://a.com", "http://a.com/", True),
    ("a.com", "https://a.com", "http://a.com/", True),
    ("a.com", "ftp://a.com", "http://a.com/", False),
    ("a.com", "http://a.com", HTTPS, False),
    ("a.com", "https://a.com", HTTPS, True),
    ("a.com", "ftp://a.com", HTTPS, False),
    ("a.com", "http://a.com", "ftp://a.com/", False),
    ("a.com", "ftp://a.com", "ftp://a.com/", True),
    ("a.com", "http://a.com", "non-standard-scheme://a.com/", False),
    ("a.com", "data:text/html,hello", "", False),
    ("http://*", "http://a.com", HTTP, True),
    ("http://*", "http://.", HTTP, True),
    ("*.foo.bar", "http://a.com", HTTP, False),
    ("*.foo.bar", "http://bar", HTTP, False),
    ("*.foo.bar", "http://foo.bar", HTTP, False),
    ("*.foo.bar", "http://o.bar", HTTP, False),
    ("*.foo.bar", "http://*.foo.bar", HTTP, True),
    ("*.foo.bar", "http://sub.foo.bar", HTTP, True),
    ("*.foo.bar", "http://sub.sub.foo.bar", HTTP, True),
    ("*.foo.bar", "http://.foo.bar", HTTP, True),
    ("foo.bar", "http://foo.bar", HTTP, True),
    ("foo.bar", "http://sub.foo.bar", HTTP, False),
    ("foo.bar", "http://bar", HTTP, False),
    ("foo.bar", "http://.foo.bar", HTTP, False),
    ("a.com", "http://a.com:80", HTTP, True),
    ("a.com", "http://a.com:8080", HTTP, False),
    ("a.com", "http://a.com:443", HTTP, False),
    ("a.com", "https://a.com:80", HTTP, False),
    ("a.com", "https://a.com:8080", HTTP, False),
    ("a.com", "https://a.com:443", HTTP, True),
    ("a.com", "unknown://a.com:80", HTTP, False),
    ("a.com", "https://a.com", HTTP, True),
    ("a.com:*", "http://a.com", HTTP, True),
    ("a.com:*", "http://a.com:80", HTTP, True),
    ("a.com:*", "http://a.com:8080", HTTP, True),
    ("a.com:*", "https://a.com:8080", HTTP, True),
    ("a.com:*", "https://a.com:0", HTTP, True),
    ("a.com:*", "https://a.com", HTTP, True),
    ("a.com:80", "http://a.com:80", HTTP, True),
    ("a.com:80", "http://a.com", HTTP, True),
    ("a.com:80", "http://a.com:8080", HTTP, False),
    ("a.com:80", "https://a.com", HTTP, True),
    ("a.com:80", "https://a.com:443", HTTP, True),
    ("a.com:80", "http://a.com:443", HTTP, False),
    ("http://*:111", "http://a.com:111", HTTP, True),
    ("http://*:111", "http://a.com:222", HTTP, False),
    ("a.com/path/to/file", "http://a.com/path/to/file", HTTP, True),
    ("a.com/path/to/file", "http://a.com/path/to/", HTTP, False),
    ("a.com/path/to/file", "http://a.com/path/to/file/subpath", HTTP, False),
    ("a.com/path/to/file", "http://a.com/path/to/something", HTTP, False),
    ("a.com/path/to/file", "http://a.com/", HTTP, False),
    ("a.com/path/to/file", "http://a.com", HTTP, False),
    ("a.com/path/to/", "http://a.com/path/to/file", HTTP, True),
    ("a.com/path/to/", "http://a.com/path/to/", HTTP, True),
    ("a.com/path/to/", "http://a.com/path/", HTTP, False),
    ("a.com/path/to/", "http://a.com/path/to", HTTP, False),
    ("a.com/path/to/", "http://a.com", HTTP, False),
    ("a.com", "http://a.com/path/to/file", HTTP, True),
    ("a.com/", "http://a.com/path/to/file", HTTP, True),
    ("a.com/", "http://a.com", HTTP, True),
    ("http://a.com/Hello%20G%C3%BCnter", "http://a.com/Hello%20G%C3%BCnter", HTTP, True),
    ("http://a.com/Hello%20G%C3%BCnter", "http://a.com/Hello Günter", HTTP, True),
    ("http://*/allowed-path", "http://a.com/allowed-path", HTTP, True),
    ("http://*/allowed-path", "http://a.com/disallowed-path", HTTP, False),
    ("a.com b.com", "http://b.com", HTTP, True),
    ("a.com b.com", "http://c.com", HTTP, False),
    ("*", "http://not-example.com", HTTP, True),
    ("*", "https://not-example.com", HTTP, True),
    ("*", "ws://not-example.com", HTTP, True),
    ("*", "wss://not-example.com", HTTP, True),
    ("*", "ftp://not-example.com", HTTP, False),
    ("*", "file://not-example.com", HTTP, False),
    ("*", "applewebdata://a.test", HTTP, False),
    ("*", "data:text/html,x", HTTP, False),
    ("*", "blob:https://a.com/x", HTTPS, False),
    ("*", "file://not-example.com", "file://example.com/", True),
    ("'self'", "http://example.com", HTTP, True),
    ("'self'", "http://not-example.com", HTTP, False),
    ("'self'", "https://example.com", HTTP, True),
    ("'self'", "http://b.com", HTTPS, False),
    ("'self' *", "http://b.com", HTTPS, True),
    ("'self'", "https://a.com/print.pdf", HTTPS, True),
    ("'self'", "data:text/html,hello", "http://a.com/", False),
    ("'self'", "http://a.com", "", False),
    ("'none'", "http://example.com", HTTP, False),
    ("", "http://example.com", HTTP, False),
    ("'none' a.com", "http://a.com", HTTP, True),
    ("127.0.0.1:3000", "http://127.0.0.1:3000/", HTTP, True),
    ("'self'", "ws://example.com", HTTP, True),
    ("'self'", "wss://a.com", HTTPS, True),
    ("'self'", "http://a.com", HTTPS, False),
    ("a.com", "wss://a.com", HTTPS, True),
    ("a.com", "ws://a.com", HTTPS, False),
    ("http://a.com:8000", "https://a.com:8000/", HTTP, True),
]


def kind_and_parts(text: str) -> tuple[str, str, str, str] | None:
    found = csp.source(text)
    if found.kind is csp.Kind.INVALID:
        assert found.why
        return None
    return found.scheme, found.host, found.port, found.path


@pytest.mark.parametrize(("text", "wanted"), CHROMIUM_PARSING + FIREFOX_VALID)
def test_sources_parse(text: str, wanted: tuple[str, str, str, str] | None) -> None:
    assert kind_and_parts(text) == wanted


@pytest.mark.parametrize("text", FIREFOX_INVALID)
def test_invalid_sources(text: str) -> None:
    assert csp.source(text).kind is csp.Kind.INVALID


@pytest.mark.parametrize(("text", "kind", "value"), KEYWORDS_AND_HASHES)
def test_quoted_sources(text: str, kind: csp.Kind, value: str) -> None:
    assert (csp.source(text).kind, csp.source(text).value) == (kind, value)


@pytest.mark.parametrize(("sources", "url", "own", "wanted"), CHROMIUM_MATCHING)
def test_urls(sources: str, url: str, own: str, wanted: bool) -> None:
    (policy,) = csp.parse([f"frame-src {sources}"])
    assert csp.allows_url(policy, "frame-src", url, self_url=own) is wanted


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://a.com:8000/", True),
        ("http://a.com:8000/foo", True),
        ("http://not-a.com:8000/foo", False),
        ("http://a.com:9000/foo/", False),
    ],
)
def test_after_a_redirect_paths_do_not_count(url: str, wanted: bool) -> None:
    (policy,) = csp.parse(["frame-src http://a.com:8000/bar/"])
    assert csp.allows_url(policy, "frame-src", url, self_url="", redirected=True) is wanted


@pytest.mark.parametrize(
    ("asked", "policy", "governing"),
    [
        ("script-src-elem", "script-src-elem a; script-src b; default-src c", "script-src-elem"),
        ("script-src-elem", "script-src b; default-src c", "script-src"),
        ("script-src-attr", "script-src-elem a; default-src c", "default-src"),
        ("style-src-attr", "style-src b; default-src c", "style-src"),
        ("worker-src", "worker-src a; child-src b; script-src c; default-src d", "worker-src"),
        ("worker-src", "child-src b; script-src c; default-src d", "child-src"),
        ("worker-src", "script-src c; default-src d", "script-src"),
        ("worker-src", "script-src-elem c; default-src d", "default-src"),
        ("frame-src", "child-src b; default-src d", "child-src"),
        ("connect-src", "default-src d", "default-src"),
        ("manifest-src", "default-src d", "default-src"),
        ("base-uri", "default-src d", None),
        ("form-action", "default-src d", None),
        ("frame-ancestors", "default-src d", None),
        ("sandbox", "default-src d", None),
        ("report-to", "default-src d", None),
        ("default-src", "script-src d", None),
    ],
)
def test_fallback(asked: str, policy: str, governing: str | None) -> None:
    assert csp.parse([policy])[0].governing(asked) == governing


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], 0),
        (["", " ", ";;;", ",,"], 0),
        (["script-src 'none'"], 1),
        (["other-directive value, frame-ancestors example.org"], 2),
        (["frame-ancestors example.com", "frame-ancestors example.org"], 2),
        (["default-src 'self', script-src 'none', ;"], 2),
    ],
)
def test_number_of_policies(values: list[str], wanted: int) -> None:
    assert len(csp.parse(values)) == wanted


def test_of_two_directives_the_first_counts() -> None:
    (policy,) = csp.parse(["frame-ancestors example.com; script-src b; FRAME-ANCESTORS example3.com"])
    assert policy.directive("frame-ancestors") == ("example.com",)
    assert policy.repeated == (("frame-ancestors", ("example3.com",)),)


def test_a_directive_with_a_letter_outside_ascii_is_ignored() -> None:
    (policy,) = csp.parse(["frame-ancestors ü.com; img-src a.com"])
    assert policy.directives == (("img-src", ("a.com",)),)
    assert policy.unread == ("frame-ancestors ü.com",)


def test_only_ascii_white_space_separates() -> None:
    (policy,) = csp.parse([" ; ; ;\tdefault-src\t\x0cabc\n'self'  ; img-src a\x0bb"])
    assert policy.directives == (("default-src", ("abc", "'self'")), ("img-src", ("a\x0bb",)))


def test_a_policy_in_a_meta_element() -> None:
    policy = csp.parse_meta(
        "default-src 'self'; frame-ancestors 'none'; report-uri /x; report-to y; sandbox; img-src a, b"
    )
    assert [name for name, _ in policy.directives] == ["default-src", "img-src"]
    assert policy.dropped == ("frame-ancestors", "report-uri", "report-to", "sandbox")
    assert policy.directive("img-src") == ("a,", "b")


DIGEST = "sha256-" + base64.b64encode(hashlib.sha256(b"alert(1)").digest()).decode()


@pytest.mark.parametrize(
    ("policy", "kind", "nonce", "wanted"),
    [
        ("img-src *", "script-src-elem", "", True),
        ("script-src 'unsafe-inline'", "script-src-elem", "", True),
        ("script-src 'self'", "script-src-elem", "", False),
        ("script-src 'nonce-abc'", "script-src-elem", "abc", True),
        ("script-src 'nonce-abc'", "script-src-elem", "ABC", False),
        ("script-src 'nonce-abc'", "script-src-elem", "", False),
        ("script-src 'nonce-abc'", "script-src-attr", "abc", False),
        (f"script-src '{DIGEST}'", "script-src-elem", "", True),
        (f"script-src '{DIGEST.rstrip('=')}'", "script-src-elem", "", True),
        (f"script-src '{DIGEST.replace('+', '-').replace('/', '_')}'", "script-src-elem", "", True),
        (f"script-src '{DIGEST}'", "script-src-attr", "", False),
        (f"script-src 'unsafe-hashes' '{DIGEST}'", "script-src-attr", "", True),
        ("script-src 'unsafe-inline' 'nonce-x'", "script-src-elem", "", False),
        ("script-src 'unsafe-inline' 'nonce-!'", "script-src-elem", "", True),
        ("script-src 'unsafe-inline' 'strict-dynamic'", "script-src-elem", "", False),
        ("style-src 'unsafe-inline' 'strict-dynamic'", "style-src-elem", "", True),
        ("style-src 'unsafe-inline' 'sha256-a'", "style-src-attr", "", False),
        ("style-src 'nonce-x'", "style-src-elem", "x", True),
    ],
)
def test_inline(policy: str, kind: str, nonce: str, wanted: bool) -> None:
    assert csp.allows_inline(csp.parse([policy])[0], kind, nonce=nonce, digests=[DIGEST]) is wanted


@pytest.mark.parametrize(
    ("values", "elements", "attributes", "evaluates"),
    [
        (["script-src 'unsafe-inline'"], True, True, False),
        (["script-src 'unsafe-inline' 'nonce-abc'"], False, False, False),
        (["script-src 'unsafe-inline' 'sha256-AAAA='"], False, False, False),
        (["script-src 'self'; script-src-attr 'unsafe-inline'"], False, True, False),
        (["default-src 'unsafe-inline' 'unsafe-eval'"], True, True, True),
        (["default-src 'self', script-src 'unsafe-inline'"], False, False, False),
        (["script-src 'unsafe-inline'", "script-src 'unsafe-inline'"], True, True, False),
        (["img-src *"], True, True, True),
        (["script-src 'self'; script-src 'unsafe-inline'"], False, False, False),
        (["SCRIPT-SRC 'UNSAFE-INLINE'"], True, True, False),
        (["script-src 'trusted-types-eval'"], False, False, False),
        (["script-src 'wasm-unsafe-eval'"], False, False, False),
    ],
)
def test_what_the_intersection_lets_through(
    values: list[str], elements: bool, attributes: bool, evaluates: bool
) -> None:
    policies = csp.parse(values)
    assert csp.all_allow_inline(policies, "script-src-elem") is elements
    assert csp.all_allow_inline(policies, "script-src-attr") is attributes
    assert all(csp.allows_eval(policy) for policy in policies) is evaluates


def test_webassembly() -> None:
    assert csp.allows_wasm(csp.parse(["script-src 'wasm-unsafe-eval'"])[0])
    assert not csp.allows_wasm(csp.parse(["script-src 'self'"])[0])


@pytest.mark.parametrize(
    ("policy", "directive", "nonce", "parser_inserted", "wanted"),
    [
        ("script-src https: 'strict-dynamic' 'nonce-x'", "script-src-elem", "", True, False),
        ("script-src https: 'strict-dynamic' 'nonce-x'", "script-src-elem", "x", True, True),
        ("script-src https: 'strict-dynamic' 'nonce-x'", "script-src-elem", "", False, True),
        ("script-src https: 'strict-dynamic' 'nonce-x'", "worker-src", "", True, False),
        ("style-src 'nonce-x'", "style-src-elem", "x", True, True),
        ("img-src 'nonce-x'", "img-src", "x", True, False),
        ("default-src https: 'strict-dynamic'", "img-src", "", True, True),
    ],
)
def test_nonces_and_strict_dynamic(
    policy: str, directive: str, nonce: str, parser_inserted: bool, wanted: bool
) -> None:
    allowed = csp.allows_url(
        csp.parse([policy])[0],
        directive,
        "https://cdn.example/x.js",
        self_url=HTTPS,
        nonce=nonce,
        parser_inserted=parser_inserted,
    )
    assert allowed is wanted


def test_all_policies_must_allow_a_url() -> None:
    policies = csp.parse(["script-src https:", "script-src 'self' https://cdn.example"])
    assert csp.all_allow_url(policies, "script-src-elem", "https://cdn.example/x.js", self_url=HTTPS)
    assert not csp.all_allow_url(policies, "script-src-elem", "https://evil.example/x.js", self_url=HTTPS)


def test_nonces() -> None:
    assert csp.nonces(csp.parse(["script-src 'nonce-a1' 'NONCE-b2=='; style-src 'nonce-c3'"])) == {"a1", "b2=="}


def test_there_are_enough_vectors() -> None:
    tables = (CHROMIUM_PARSING, FIREFOX_VALID, FIREFOX_INVALID, KEYWORDS_AND_HASHES, CHROMIUM_MATCHING)
    assert sum(len(table) for table in tables) >= 250


POLICY_TEXT = st.text(alphabet="'*:/.;, -=abcdefhnorst0123456789%\t\x0bé", max_size=200)


@given(st.lists(st.one_of(st.text(max_size=200), POLICY_TEXT), max_size=4), st.text(max_size=60))
def test_any_text_is_read(values: list[str], url: str) -> None:
    policies = csp.parse(values)
    for policy in [*policies, *(csp.parse_meta(value) for value in values)]:
        for directive in csp.FALLBACK:
            csp.allows_inline(policy, directive, nonce=url, digests=[url])
            csp.allows_url(policy, directive, url, self_url=url)
        csp.allows_any_script(policy)


@pytest.mark.parametrize(
    "unit", ["a", " ", ";", ",", "'", "*.", "a.", "http://", "'nonce-", "%41", "-", "script-src ", "/"]
)
def test_long_values_are_quick(unit: str) -> None:
    def judge() -> None:
        for prefix in ("", "script-src ", "script-src http://"):
            for policy in csp.parse([prefix + unit * (60_000 // len(unit))]):
                csp.allows_inline(policy, "script-src-elem")
                csp.allows_url(policy, "script-src-elem", "https://a.test/" + unit * 1000, self_url=HTTPS)

    assert seconds(judge, 1.5) < 1.5
