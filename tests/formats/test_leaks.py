"""Each leak is known by its content, and a start page that answers every path is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import leaks

BY_PATH = {leak.path: leak for leak in leaks.LEAKS}
KEY = "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"

PROOFS = {
    "/.git/HEAD": ["ref: refs/heads/main\n", "a" * 40],
    "/.git/config": ["[core]\n\trepositoryformatversion = 0\n\tbare = false\n"],
    "/.env": ["# app\nAPP_ENV=production\nDB_HOST=db\n\nexport KEY='x y'\n"],
    "/.env.local": [
        "APP_KEY=base64:abc",
        "# local\napi_secret=hunter2\ndebug=true\n",
        "database.url = postgres://db/x\n",
    ],
    "/.env.production": ["A_B=1\n# x\n"],
    "/.svn/entries": ["12\n\ndir\n", '<?xml version="1.0"?>\n<wc-entries xmlns="svn:">'],
    "/.svn/wc.db": ["SQLite format 3\x00\x10"],
    "/.DS_Store": ["\x00\x00\x00\x01Bud1\x00"],
    "/server-status": [
        "<html><head><title>Apache Status</title></head><body><h1>Apache Server Status for acme.test",
        "Active connections: 2 \nserver accepts handled requests\n",
        "ServerVersion: Apache/2.4\nTotal Accesses: 3\n",
    ],
    "/server-info": ["<h1>Apache Server Information</h1><h2>Server Settings</h2>"],
    "/phpinfo.php": ["<!DOCTYPE html><title>PHP 8.3.1 - phpinfo()</title><h1>PHP Version 8.3.1</h1>"],
    "/actuator": ['{"_links":{"self":{"href":"x"},"env":{"href":"x"}}}'],
    "/actuator/env": ['{"activeProfiles":[],"propertySources":[{"name":"x"}]}'],
    "/debug/pprof/": ["<html><title>/debug/pprof/</title><a>goroutine</a><a>heap</a>"],
    "/debug/vars": ['{"cmdline":["/app"],"memstats":{"Alloc":1}}'],
    "/.aws/credentials": ["[default]\naws_access_key_id = x\naws_secret_access_key = y\n"],
    "/.npmrc": ["//registry.example/:_authToken=abc\n"],
    "/.htpasswd": ["admin:$apr1$x$y\n", "a:{SHA}abc=\n"],
    "/backup.sql": ["-- MySQL dump 10.13\n\nDROP TABLE x;", "CREATE TABLE a (b int);"],
    "/dump.sql": ["--\n-- PostgreSQL database dump\n--\n"],
    "/docker-compose.yml": ["version: '3'\nservices:\n  web:\n    image: acme\n"],
    "/wp-config.php.bak": ["<?php\ndefine( 'DB_PASSWORD', 'x' );"],
    "/id_rsa": [KEY],
    "/.vscode/sftp.json": ['{"host":"acme.test","username":"x","password":"y"}'],
    "/elmah.axd": ["<html><title>Error Log for ROOT</title><p>Powered by ELMAH, version 1.2"],
    "/trace.axd": ["<html><h1>Application Trace</h1><h2>Requests to this Application</h2>"],
    "/_profiler/": ["<!DOCTYPE html><html><head><title>Symfony Profiler</title>"],
    "/telescope/requests": ['<html><title>Telescope - Acme</title><script src="/vendor/telescope/app.js">'],
    "/storage/logs/laravel.log": ["[2026-11-20 10:00:00] production.ERROR: x {}\n"],
    "/web.config": ['<?xml version="1.0"?>\n<configuration>\n<connectionStrings>'],
    "/WEB-INF/web.xml": ['<?xml version="1.0"?>\n<web-app version="3.1">'],
    "/terraform.tfstate": ['{"version":4,"terraform_version":"1.9","resources":[]}'],
}

START_PAGE = (
    "<!doctype html><html><head><title>Acme</title><script>const A=1;window.env={A_B:1}</script></head>"
    "<body><div id=root></div><p>services: image: build</p></body></html>"
)
HARMLESS = [
    "",
    "Not Found",
    START_PAGE,
    "\ufeff <!-- made by acme --> <HTML><body>ref: refs/heads/main</body></HTML>",
    '{"error":"not found"}',
    '{"_links":{"self":{"href":"x"},"health":{"href":"x"}}}',
    "User-agent: *\nDisallow: /.git/\n",
    "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "[1,2,3]",
    "[" * 50_000,
    "404 page not found\n",
    "window.x = 1;\nvar y = 2;\n",
    "colour=red\nsize=2\n",
    "token == other\n",
    "key_" * 25_000,
    "Cannot GET /.env",
]


def test_every_leak_has_a_proof() -> None:
    assert set(PROOFS) == set(BY_PATH)
    assert len(leaks.LEAKS) == len(BY_PATH)


@pytest.mark.parametrize(("path", "body"), [(path, body) for path, bodies in PROOFS.items() for body in bodies])
@pytest.mark.parametrize("content_type", ["", "text/plain", "text/html; charset=utf-8"])
def test_leaks_are_known_by_their_content(path: str, body: str, content_type: str) -> None:
    assert BY_PATH[path].proves(body, content_type)


@pytest.mark.parametrize("path", BY_PATH)
def test_nothing_else_is_a_leak(path: str) -> None:
    assert [body[:60] for body in HARMLESS if BY_PATH[path].proves(body, "text/html")] == []
    alien = {other for other, bodies in PROOFS.items() for body in bodies if BY_PATH[path].proves(body)}
    assert {BY_PATH[other].what for other in alien} == {BY_PATH[path].what}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('{"version":3,"sources":["a.ts"],"mappings":"AAAA"}', True),
        (')]}\'\n{"version":3,"sources":[],"mappings":""}', True),
        ('{"version":3,"sections":[]}', True),
        (json.dumps({"version": 3, "sources": ["a"], "sourcesContent": ["x" * 1_100_000], "mappings": "AAAA"}), True),
        ('{"version":2,"mappings":"AAAA"}', False),
        ('{"version":3}', False),
        (START_PAGE, False),
        ("", False),
        ("[" * 50_000, False),
        ("{" * 50_000, False),
        ('{"x":"' + "y" * 1_100_000 + '"}', False),
    ],
)
def test_source_maps(body: str, wanted: bool) -> None:
    assert leaks.is_source_map(body) is wanted


@pytest.mark.parametrize(
    ("script", "wanted"),
    [
        ("", ""),
        ("a()", ""),
        ("a()//# sourceMappingURL=x.map", "x.map"),
        ("a()\n//# sourceMappingURL=x.map\n\n", "x.map"),
        ("a()\r\n//@ sourceMappingURL=x.map\r\n// the end\n/* really */", "x.map"),
        ("a()\n/*# sourceMappingURL=x.map */", "x.map"),
        ("//# sourceMappingURL=y.map\n//# sourceMappingURL=https://m.test//x.map", "https://m.test//x.map"),
        ("//# sourceMappingURL=y.map\na()", ""),
        ("//# sourceMappingURL=y.map\na()//", ""),
        ("//# sourceMappingURL=x y.map", ""),
        ('"//# sourceMappingURL=" + name', ""),
        ("a" * 1_000_000 + "//# sourceMappingURL=x.map", "x.map"),
    ],
)
def test_what_a_script_names_as_its_map(script: str, wanted: str) -> None:
    assert leaks.source_map_name(script) == wanted


def page(path: str, token: str, extra: str = "") -> str:
    return (
        f"<html><head><meta name=csrf-token content='{token}'><script nonce='{token}'>x</script></head><body>"
        f"<h1>Nothing here</h1><p>{path} was not found on this server at 2026-11-2{len(token) % 10} 10:0{len(path) % 10}.</p>"
        f"<nav><a>Home</a><a>Shop</a><a>Help</a></nav>{extra}</body></html>"
    )


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ("", "", True),
        ("Not Found", "Not Found", True),
        (page("/.env", "abc"), page("/.git/HEAD", "Zq9xx"), True),
        ("Cannot GET /.env", "Cannot GET /nothing-here-4711", True),
        (START_PAGE, START_PAGE.replace("A=1", "A=2"), True),
        ("ref: refs/heads/main", "Not Found", False),
        ("APP_ENV=production\nDB_HOST=db\nDB_USER=app", page("/x", "y"), False),
        (page("/a", "b"), page("/a", "b", "<p>" + "other words stand in this one " * 5 + "</p>"), False),
        ("", page("/a", "b"), False),
    ],
)
def test_same_page(a: str, b: str, wanted: bool) -> None:
    assert leaks.same_page(a, b, paths=("/.env", "/.git/HEAD", "/nothing-here-4711")) is wanted
    assert leaks.same_page(b, a, paths=("/.env", "/.git/HEAD", "/nothing-here-4711")) is wanted


@given(st.one_of(st.text(max_size=300), st.text(alphabet="[]{}:=\"'<>\n a0", max_size=300)))
def test_any_text_is_judged(text: str) -> None:
    for leak in leaks.LEAKS:
        leak.proves(text)
    leaks.is_source_map(text)
    leaks.source_map_name(text)
    leaks.holds_source_map(text)
    assert leaks.same_page(text, text)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "A=b\n",
        "[",
        "{",
        "<",
        " ",
        "\n",
        "a:",
        'nonce="',
        "data-a=",
        "ref: refs/",
        "<!--",
        "//",
        "/*",
        "//# sourceMappingURL=",
        "sourceMappingURL=data:",
    ],
)
def test_long_bodies_are_quick(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    judge = test_any_text_is_judged.hypothesis.inner_test  # type: ignore[attr-defined]
    assert seconds(lambda: judge(text), 1.5) < 1.5
