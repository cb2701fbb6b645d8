"""The configuration to paste: whole outputs stored, and each read by the server that it is for."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from policy_samples import CARDS, EVERYTHING, STATIC, environment, failed, with_header
from policy_samples import http as exchange
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gonogo.concerns.security.fixes import Changes, Fix, fixes
from gonogo.concerns.security.hardening import authority
from gonogo.concerns.security.host_security import host_policies
from gonogo.demo import certificates
from gonogo.demo.certificates import Variant

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
    return made.chains[Variant.GOOD], made.key


def nginx_file(
    changes: Changes, folder: Path, certificate: tuple[Path, Path], port: int = 8443, upstream: int = 9
) -> Path:
    """A whole configuration around the blocks, as a reader would have it; listening on loopback alone."""
    inside, *beside = (one.text for one in fix(changes, "nginx").blocks)
    redirect = "\n".join(beside).replace("listen [::]:80;", "").replace("listen 80;", f"listen 127.0.0.1:{port + 1};")
    scratch = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = folder / "nginx.conf"
    path.write_text(
        f"""pid {folder}/nginx.pid; error_log stderr; daemon off; worker_processes 1; events {{ }}
http {{
access_log off; {scratch}
server {{
    listen 127.0.0.1:{port} ssl; server_name {changes.host};
    ssl_certificate {certificate[0]}; ssl_certificate_key {certificate[1]};
    location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
{inside}
}}
{redirect}
server {{
    listen 127.0.0.1:{upstream}; default_type text/plain;
    add_header Strict-Transport-Security max-age=60 always; add_header X-XSS-Protection 1 always;
    add_header Content-Security-Policy "script-src 'nonce-abc'" always; add_header Set-Cookie "session=1" always;
    add_header X-Powered-By PHP/5.3 always;
    location = / {{ return 200 home; }}
    location / {{ return 404; }}
}}
}}
"""
    )
    return path


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
@pytest.mark.parametrize("changes", [EVERYTHING, STATIC, TLS_ALONE], ids=["everything", "static", "tls"])
def test_nginx_takes_it(changes: Changes, tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    path = nginx_file(changes, tmp_path, certificate)
    run = subprocess.run([str(NGINX), "-t", "-p", tmp_path, "-c", path], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert [line for line in run.stderr.splitlines() if "[warn]" in line and '"user" directive' not in line] == []


@contextlib.contextmanager
def running(command: list[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """A server from when it listens until the block ends."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as server:
        try:
            until = time.monotonic() + 15
            while server.poll() is None and time.monotonic() < until:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.02)
            assert server.poll() is None, server.stderr.read() if server.stderr else ""
            yield
        finally:
            server.terminate()
            server.wait(15)


def free_ports(count: int) -> list[int]:
    """Ports in a row would be simpler; nobody promises them."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def answer(connection: http.client.HTTPConnection, path: str) -> tuple[int, list[tuple[str, str]]]:
    connection.request("GET", path, headers={"Host": "www.example.org"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, [(name.lower(), value) for name, value in response.getheaders()]


def check_answer(headers: list[tuple[str, str]], changes: Changes, *, own: bool = True) -> None:
    """Each header once, as it is to be; the policy beside the application's own; nothing of what is to go."""
    for name, value in changes.headers:
        assert [found for key, found in headers if key == name.lower()] == [value]
    policies = [value for key, value in headers if key == "content-security-policy"]
    assert policies == [*(["script-src 'nonce-abc'"] if own else []), changes.static_policy]
    assert {"x-xss-protection", "x-powered-by"} & {key for key, _ in headers} == set()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_does_it(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """On a page and on an error, in front of an application whose own headers are wrong."""
    port, upstream = free_ports(2)
    path = nginx_file(replace(EVERYTHING, plain=""), tmp_path, certificate, port, upstream)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with running([str(NGINX), "-p", str(tmp_path), "-c", str(path)], port):
        for place, status in (("/", 200), ("/missing", 404)):
            answered, headers = answer(http.client.HTTPSConnection("127.0.0.1", port, context=context), place)
            assert answered == status
            check_answer(headers, EVERYTHING)
            assert dict(headers)["server"] == "nginx"
            assert dict(headers)["set-cookie"] == "session=1; Secure; HttpOnly; SameSite=Lax"


# --- Caddy ---


def caddy_home(folder: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}


def caddy_file(changes: Changes, folder: Path) -> str:
    path = folder / "Caddyfile"
    path.write_text("\n".join(one.text for one in fix(changes, "caddy").blocks) + "\n")
    return str(path)


@pytest.mark.skipif(CADDY is None, reason="caddy is not installed")
@pytest.mark.parametrize("changes", [EVERYTHING, STATIC, TLS_ALONE], ids=["everything", "static", "tls"])
def test_caddy_takes_it(changes: Changes, tmp_path: Path) -> None:
    path = caddy_file(changes, tmp_path)
    for command in ("validate", "adapt"):
        run = subprocess.run(
            [str(CADDY), command, "--config", path, "--adapter", "caddyfile"],
            capture_output=True, text=True, env=caddy_home(tmp_path),
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
    document = run.stdout
    for _, value in changes.headers:
        assert json.dumps(value)[1:-1] in document
    assert changes.static_policy in document
    assert ('"protocol_min":"tls1.3"' in document) == (changes.tls_minimum == "1.3")


@pytest.mark.skipif(CADDY is None, reason="caddy is not installed")
def test_caddy_does_it(tmp_path: Path) -> None:
    """In front of an application whose own headers are wrong; over plain http, where Caddy asks for no certificate."""
    port, upstream, down = free_ports(3)
    changes = replace(EVERYTHING, origin=f"http://www.example.org:{port}", plain="", tls_minimum="", groups=())
    path = Path(caddy_file(changes, tmp_path))
    site = path.read_text().removesuffix("}\n") + (
        f"\tbind 127.0.0.1\n\treverse_proxy /down 127.0.0.1:{down}\n\treverse_proxy 127.0.0.1:{upstream}\n}}\n"
    )
    wrong = f"""{{
	admin off
	auto_https off
}}
http://:{upstream} {{
	bind 127.0.0.1
	header Strict-Transport-Security max-age=60
	header X-XSS-Protection 1
	header X-Powered-By PHP/5.3
	header Content-Security-Policy "script-src 'nonce-abc'"
	respond / home 200
	respond 404
}}
"""
    path.write_text(wrong + site)
    command = [str(CADDY), "run", "--config", str(path), "--adapter", "caddyfile"]
    with running(command, port, caddy_home(tmp_path)):
        for place, status in (("/", 200), ("/missing", 404)):
            answered, headers = answer(http.client.HTTPConnection("127.0.0.1", port), place)
            assert answered == status
            check_answer(headers, changes)
            assert "server" not in dict(headers)
        answered, headers = answer(http.client.HTTPConnection("127.0.0.1", port), "/down")
        assert answered == 502
        check_answer(headers, changes, own=False)


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
    page = exchange(headers=with_header("referrer-policy", "unsafe-url"))
    broken = failed("security.referrer-policy.private", page)
    (host, *_) = host_policies(environment(), [page], [broken], CARDS)
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
