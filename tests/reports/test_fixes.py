"""The configuration to paste: whole outputs stored, and each read by the server that it is for."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from policy_samples import EVERYTHING, STATIC, environment, failed, http, with_header
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gonogo.hardening import authority
from gonogo.host_policies import host_policies
from gonogo.reports.fixes import Changes, Fix, fixes

GOLDEN = Path(__file__).parent / "golden"
NGINX, CADDY = shutil.which("nginx"), shutil.which("caddy")
COMBINED = {"everything": EVERYTHING, "static": STATIC}
SERVERS = {"nginx": "nginx", "caddy": "Caddy", "vercel": "Vercel", "netlify": "Netlify", "asgi": "Starlette"}
TLS_ALONE = Changes(host="db.example.org", origin="https://db.example.org:5432", tls_minimum="1.3")


def fix(changes: Changes, server: str) -> Fix:
    return next(one for one in fixes(changes) if one.server.startswith(SERVERS[server]))


def told(one: Fix) -> str:
    return "\n".join(f"--- {block.place}\n{block.text}\n" for block in one.blocks)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("name", COMBINED)
def test_each_fix_is_as_stored(name: str, server: str) -> None:
    """To store them anew after a change that is meant: GONOGO_GOLDEN=1 pytest tests/reports/test_fixes.py."""
    path = GOLDEN / f"{name}-{server}.txt"
    text = told(fix(COMBINED[name], server))
    if os.environ.get("GONOGO_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_only_servers_that_can_change_something_are_told() -> None:
    assert fixes(Changes("www.example.org")) == ()
    assert [one.server for one in fixes(TLS_ALONE)] == ["nginx", "Caddy"]
    redirect = Changes("www.example.org", "https://www.example.org", plain="http://www.example.org")
    assert [one.server for one in fixes(redirect)][:2] == ["nginx", "Caddy"]
    assert len(fixes(redirect)) == 3


# --- nginx ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Chain and key of any server."""
    made = certificates.create(tmp_path_factory.mktemp("certificates"))
    return made.chain(Variant.GOOD), made.key(Variant.GOOD)


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize("changes", [EVERYTHING, STATIC, TLS_ALONE], ids=["everything", "static", "tls"])
def test_nginx_takes_it(changes: Changes, tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    blocks = [one.text for one in fix(changes, "nginx").blocks]
    redirect = (
        blocks[1].replace("listen 80;", "listen 8080;").replace("[::]:80;", "[::]:8080;") if len(blocks) > 1 else ""
    )
    inside = f"listen 8443 ssl; server_name {changes.host}; ssl_certificate {chain}; ssl_certificate_key {key};"
    upstream = "location / { proxy_pass http://127.0.0.1:9; }"
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"pid {tmp_path}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off;\n{_scratch(tmp_path)}\nserver {{ {inside}\n{blocks[0]}\n{upstream} }}\n{redirect} }}\n"
    )
    run = subprocess.run([str(NGINX), "-t", "-p", tmp_path, "-c", configuration], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "[warn]" not in run.stderr.replace('the "user" directive', "")


def _scratch(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)


# --- Caddy ---


def adapted(changes: Changes, folder: Path) -> str:
    path = folder / "Caddyfile"
    path.write_text("\n".join(one.text for one in fix(changes, "caddy").blocks) + "\n")
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    for command in ("validate", "adapt"):
        run = subprocess.run(
            [str(CADDY), command, "--config", path, "--adapter", "caddyfile"],
            capture_output=True,
            text=True,
            env=environment,
        )
        assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.skipif(CADDY is None, reason="caddy is not installed")
@pytest.mark.parametrize("changes", [EVERYTHING, STATIC, TLS_ALONE], ids=["everything", "static", "tls"])
def test_caddy_takes_it(changes: Changes, tmp_path: Path) -> None:
    document = adapted(changes, tmp_path)
    for _, value in changes.headers:
        assert json.dumps(value)[1:-1] in document
    assert changes.policy in document or changes.static_policy in document
    assert ('"protocol_min":"tls1.3"' in document) == (changes.tls_minimum == "1.3")


# --- Vercel and Netlify ---


@pytest.mark.parametrize("changes", [EVERYTHING, STATIC], ids=["everything", "static"])
def test_vercel_and_netlify_read_the_same_headers(changes: Changes) -> None:
    wanted = {**dict(changes.headers), "Content-Security-Policy": changes.static_policy or changes.policy}
    (vercel,) = fix(changes, "vercel").blocks
    (rule,) = json.loads(vercel.text)["headers"]
    assert rule["source"] == "/(.*)"
    assert {one["key"]: one["value"] for one in rule["headers"]} == wanted
    toml, plain = (block.text for block in fix(changes, "netlify").blocks)
    assert tomllib.loads(toml) == {"headers": [{"for": "/*", "values": wanted}]}
    lines = [line for line in plain.splitlines() if not line.startswith("#")]
    assert lines == ["/*", *(f"  {name}: {value}" for name, value in wanted.items())]


# --- ASGI ---


async def _home(request: Request) -> Response:
    answer = PlainTextResponse(getattr(request.state, "csp_nonce", "no nonce"))
    answer.headers["Strict-Transport-Security"] = "max-age=60"
    answer.headers["X-Powered-By"] = "PHP/5.3"
    answer.set_cookie("session", "1", httponly=True, samesite="strict")
    answer.set_cookie("theme", "dark", samesite=None)
    return answer


async def _broken(request: Request) -> Response:
    raise RuntimeError("a bug of the application")


def application(changes: Changes):  # type: ignore[no-untyped-def]
    namespace: dict[str, object] = {}
    (block,) = fix(changes, "asgi").blocks
    exec(compile(block.text, "pasted.py", "exec"), namespace)  # noqa: S102 - our own text, as somebody pastes it
    app = Starlette(routes=[Route("/", _home), Route("/broken", _broken)])
    return namespace["SecurityHeaders"](app)  # type: ignore[operator]


def ask(app, path: str = "/", *, scheme: str = "https", query: bytes = b"") -> tuple[int, list[tuple[str, str]], str]:  # type: ignore[no-untyped-def]
    """Status, headers and body of one request, without a server."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": scheme,
        "path": path, "raw_path": path.encode(), "query_string": query, "headers": [(b"host", b"evil.example")],
        "client": ("192.0.2.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    sent: list[Mapping[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Mapping[str, object]) -> None:
        sent.append(message)

    try:
        asyncio.run(app(scope, receive, send))
    except RuntimeError as error:
        assert str(error) == "a bug of the application"
    head = sent[0]
    headers = [(name.decode(), value.decode()) for name, value in head["headers"]]  # type: ignore[union-attr,attr-defined]
    body = b"".join(bytes(one.get("body", b"")) for one in sent[1:])  # type: ignore[call-overload]
    return int(str(head["status"])), headers, body.decode()


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/missing", 404), ("/broken", 500)])
def test_an_asgi_application_sends_every_header_once(path: str, status: int) -> None:
    answered, headers, body = ask(application(EVERYTHING), path)
    assert answered == status
    names = [name for name, _ in headers if name != "set-cookie"]
    assert len(names) == len(set(names))
    assert "x-powered-by" not in names
    found = dict(headers)
    for name, value in EVERYTHING.headers:
        assert found[name.lower()] == value
    nonce = found["content-security-policy"].partition("'nonce-")[2].partition("'")[0]
    assert len(nonce) == 22
    assert body == nonce or status != 200


def test_an_asgi_application_makes_a_new_nonce_for_each_response() -> None:
    app = application(EVERYTHING)
    assert len({ask(app)[2] for _ in range(20)}) == 20


def test_an_asgi_application_mends_cookies_and_leaves_what_is_right() -> None:
    _, headers, _ = ask(application(EVERYTHING))
    assert [value for name, value in headers if name == "set-cookie"] == [
        "session=1; HttpOnly; Path=/; SameSite=strict; Secure",
        "theme=dark; Path=/",
    ]


def test_an_asgi_application_redirects_plain_http_to_its_own_host_only() -> None:
    status, headers, _ = ask(application(EVERYTHING), "//evil.example/a", scheme="http", query=b"b=1")
    assert (status, headers) == (308, [("location", "https://www.example.org//evil.example/a?b=1")])
    assert ask(application(replace(EVERYTHING, plain="")), scheme="http")[0] == 200


def test_an_asgi_application_without_a_nonce_sends_the_policy_as_it_is() -> None:
    app = application(STATIC)
    assert dict(ask(app)[1])["content-security-policy"] == STATIC.policy
    assert ask(app)[2] == "no nonce"


def test_what_was_wrong_is_right_after_pasting() -> None:
    """The whole way: a start page, the rule it broke, the middleware that is offered, the page again."""
    page = http(headers=with_header("referrer-policy", "unsafe-url"))
    broken = failed("security.referrer-policy.private", page)
    (host, *_) = host_policies(environment(), [page], [broken])
    assert dict(ask(application(host.changes))[1])["referrer-policy"] == "strict-origin-when-cross-origin"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://www.example.org:443/a?b", "https://www.example.org"),
        ("http://www.example.org:8080", "http://www.example.org:8080"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
    ],
)
def test_authority(url: str, said: str) -> None:
    assert authority(url) == said
