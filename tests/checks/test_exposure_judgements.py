"""Judgements of what a site publishes by mistake that a defect of the demo does not show, and what was not searched."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from surface_samples import exchange, says

from checks.exposure import test_errors as errors
from checks.exposure import test_files as files
from checks.exposure import test_methods as methods
from checks.exposure import test_secrets as published_secrets
from checks.exposure import test_source_maps as source_maps
from gonogo.concerns.security.cors import Cors, CorsAnswer
from gonogo.concerns.security.exposure import Pried, Provoked, Published, ScriptMap
from gonogo.environment import models
from gonogo.formats import debug_pages, secrets
from gonogo.formats.leaks import LEAKS
from gonogo.probes.http.content import decode_text
from gonogo.probes.http.facts import Exchange

SITE = "https://www.acme.test"
MAP = '{"version":3,"sources":["a.ts"],"mappings":"AAAA"}'
INSIDE = (
    "data:application/json;charset=utf-8;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbImEudHMiXSwibWFwcGluZ3MiOiJBQUFBIn0="
)


def script(
    body: str, *headers: tuple[str, str], path: str = "/assets/app.js", map_status: int = 404, map_body: str = "nothing"
) -> ScriptMap:
    return ScriptMap(
        path,
        exchange(body, 200, ("Content-Type", "text/javascript"), *headers, url=f"{SITE}{path}"),
        exchange(map_body, map_status, url=f"{SITE}{path.partition('?')[0]}.map"),
    )


@pytest.mark.parametrize(
    "body",
    [
        "run()",
        "run()\n//# sourceMappingURL=app.js.map\n",
        "run()\n//# sourceMappingURL=/assets/app.js.map?v=1#x",
        "run() //@ sourceMappingURL=app.js.map",
        "a()\n//# sourceMappingURL=vendor.js.map\nb()",
        'write("//# sourceMappingURL=" + name); go()',
        'write("\\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,".concat(encode(map)))',
        "css += '/*# sourceMappingURL=data:application/json;base64,' + btoa(text) + ' */'",
    ],
)
def test_a_script_without_a_published_map(body: str) -> None:
    assert says(source_maps.test_absent, script(body)) == "PASS"


def test_a_script_with_a_query_has_its_map_beside_it() -> None:
    asked = script("run()\n//# sourceMappingURL=app.js.map?v=2", path="/assets/app.js?v=2")
    assert says(source_maps.test_absent, asked) == "PASS"


@pytest.mark.parametrize(
    "body",
    [
        f"run()\n//# sourceMappingURL={INSIDE}",
        f"run()\n/*# sourceMappingURL={INSIDE} */",
        f'eval("run()\\n//# sourceMappingURL={INSIDE}")',
        "run()\n//# sourceMappingURL=data:application/json,%7B%22version%22:3%7D",
        "run()\n//# sourceMappingURL=data:,anything",
    ],
)
def test_a_map_inside_the_script(body: str) -> None:
    said = says(source_maps.test_absent, script(body))
    assert said.startswith("FAIL")
    assert "inside the script" in said


@pytest.mark.parametrize(
    ("body", "headers", "named"),
    [
        ("run()\n//# sourceMappingURL=/maps/app.js.map", (), f"{SITE}/maps/app.js.map"),
        ("run()\n//# sourceMappingURL=https://maps.acme.test/a.map", (), "https://maps.acme.test/a.map"),
        ("run()", (("SourceMap", "/maps/app.map"),), f"{SITE}/maps/app.map"),
        ("run()", (("X-SourceMap", "../app.map"),), f"{SITE}/app.map"),
        ("run()\n//# sourceMappingURL=http://[/app.map", (), "http://[/app.map"),
    ],
)
def test_a_map_elsewhere_was_not_seen(body: str, headers: tuple[tuple[str, str], ...], named: str) -> None:
    said = says(source_maps.test_absent, script(body, *headers))
    assert said.startswith("UNKNOWN")
    assert named in said


def test_a_map_beside_the_script_is_told_even_where_another_is_named() -> None:
    both = script("run()\n//# sourceMappingURL=/maps/app.js.map", map_status=200, map_body=MAP)
    assert says(source_maps.test_absent, both).startswith("FAIL")


def test_what_came_as_no_text_was_not_read() -> None:
    asked = script("run()", map_status=200, map_body="")
    unread = replace(asked, map=replace(asked.map, body_bytes=120, headers=(("Content-Type", "image/png"),)))
    assert says(source_maps.test_absent, unread).startswith("UNKNOWN")
    assert says(source_maps.test_absent, asked) == "PASS"


@pytest.mark.parametrize(
    ("fields", "declared", "wanted"),
    [
        ((), (), "PASS"),
        ((("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),), (), "PASS"),
        ((("Allow", "GET, propfind"),), (), "FAIL"),
        ((("Allow", "GET"), ("Public", "OPTIONS, TRACE, GET, HEAD, POST")), (), "FAIL"),
        ((("Allow", "GET, SEARCH"),), ("SEARCH",), "PASS"),
        ((("Allow", ",;\x00, RETRACE"),), (), "PASS"),
    ],
)
def test_methods_that_are_offered(fields: tuple[tuple[str, str], ...], declared: tuple[str, ...], wanted: str) -> None:
    answer = CorsAnswer("foreign", "https://evil.test", exchange("", 200), exchange("", 204, *fields))
    fixture = Cors("/api", (answer, answer), models.Security(), frozenset({"GET", *declared}))
    assert says(methods.test_offered, fixture).startswith(wanted)


KEY = "sk" + "_live_" + "Zq81LmPx02RtYw73VbNc"


def test_a_published_key_is_told_without_itself() -> None:
    said = says(published_secrets.test_absent, Published("/app.js", exchange(f'const key = "{KEY}"', 200)))
    assert said.startswith("FAIL")
    assert KEY[8:] not in said


def test_a_text_that_was_not_searched_whole_is_unknown() -> None:
    long = exchange("a " * (secrets.MAX_LENGTH // 2 + 10), 200)
    said = says(published_secrets.test_absent, Published("/app.js", long))
    assert said.startswith("UNKNOWN")
    assert "/app.js" in said


PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
TRACE = 'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in x'


def sent(data: bytes, kind: str, status: int = 200) -> Exchange:
    """As the http probe records it."""
    said = exchange(decode_text(data, kind), status, ("Content-Type", kind))
    return replace(said, body_bytes=len(data), body_sha256=hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("path", "kind", "wanted"),
    [
        ("/app.js", "image/png", "UNKNOWN"),
        ("/data.json?x=1", "image/png", "UNKNOWN"),
        ("/openapi.yaml", "font/woff", "UNKNOWN"),
        ("/about", "application/vnd.acme", "UNKNOWN"),
        ("/a.woff2", "font/woff2", "PASS"),
        ("/a.png", "image/png", "PASS"),
        ("/app.wasm", "application/wasm", "PASS"),
        ("/logo", "image/png", "PASS"),
    ],
)
def test_binary_data_where_a_text_is_expected_is_unknown(path: str, kind: str, wanted: str) -> None:
    assert says(published_secrets.test_absent, Published(path, sent(PICTURE, kind))).startswith(wanted)


@pytest.mark.parametrize("kind", ["application/yaml", "application/pgp-keys", "font/woff", "image/png", "video/mp4"])
def test_what_is_text_is_read_whatever_its_type_says(kind: str) -> None:
    key = sent(f"key: {KEY}\n".encode(), kind)
    assert says(published_secrets.test_absent, Published("/openapi.yaml", key)).startswith("FAIL")
    trace = sent(f"<pre>{TRACE}</pre>".encode(), kind, 500)
    assert says(errors.test_quiet, Provoked("a missing page", trace)).startswith("FAIL")
    composed = sent(b"services:\n  web:\n    image: acme/web\n", kind)
    assert says(files.test_absent, pried("/docker-compose.yml", composed)).startswith("FAIL")


def pried(path: str, answer: Exchange, missing: Exchange | None = None) -> Pried:
    leak = next(one for one in LEAKS if one.path == path)
    return Pried(leak, answer, missing or exchange("<p>not here</p>", 404))


@pytest.mark.parametrize(
    ("status", "missing", "wanted"),
    [(200, 404, "UNKNOWN"), (404, 404, "PASS"), (200, 200, "PASS"), (206, 404, "UNKNOWN")],
)
def test_a_sensitive_path_that_was_not_read(status: int, missing: int, wanted: str) -> None:
    fixture = pried("/id_rsa", sent(PICTURE, "image/png", status), sent(PICTURE, "image/png", missing))
    said = says(files.test_absent, fixture)
    assert said.startswith(wanted)
    assert wanted == "PASS" or "/id_rsa" in said


def test_an_error_that_was_not_read_is_unknown() -> None:
    said = says(errors.test_quiet, Provoked("a missing page", sent(PICTURE, "image/png", 500)))
    assert said.startswith("UNKNOWN")
    assert "a missing page" in said
    assert says(errors.test_quiet, Provoked("a missing page", sent(b"", "image/png", 500))) == "PASS"


def test_an_error_that_was_not_searched_whole_is_unknown() -> None:
    long = exchange("a" * debug_pages.MAX_LENGTH + TRACE, 500)
    assert says(errors.test_quiet, Provoked("a missing page", long)).startswith("UNKNOWN")
    assert says(errors.test_quiet, Provoked("a missing page", replace(long, body=TRACE + long.body))).startswith("FAIL")


@pytest.mark.parametrize(("status", "wanted"), [(200, "PASS"), (404, "FAIL"), (500, "FAIL")])
def test_an_errors_code_is_no_documentation(status: int, wanted: str) -> None:
    page = exchange(f"<h1>x</h1><pre><code>{TRACE}</code></pre>", status)
    assert says(errors.test_quiet, Provoked("a missing page", page)).startswith(wanted)
