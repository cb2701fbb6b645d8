"""Judgements of what a site publishes by mistake that a defect of the demo does not show, and what was not searched."""

from __future__ import annotations

from dataclasses import replace

import pytest
from surface_samples import exchange, says

from checks.exposure import test_methods as methods
from checks.exposure import test_secrets as published_secrets
from checks.exposure import test_source_maps as source_maps
from gonogo.environment import models
from gonogo.formats import secrets
from gonogo.nouns import Cors, CorsAnswer, Published, ScriptMap

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
    noun = Cors("/api", (answer, answer), models.Security(), frozenset({"GET", *declared}))
    assert says(methods.test_offered, noun).startswith(wanted)


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


@pytest.mark.parametrize(
    ("path", "wanted"), [("/app.js", "UNKNOWN"), ("/data.json?x=1", "UNKNOWN"), ("/a.woff2", "PASS")]
)
def test_a_script_that_came_as_no_text_is_unknown(path: str, wanted: str) -> None:
    binary = replace(exchange("", 200, ("Content-Type", "image/png")), body_bytes=10)
    assert says(published_secrets.test_absent, Published(path, binary)).startswith(wanted)
