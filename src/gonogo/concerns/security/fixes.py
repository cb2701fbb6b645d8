"""What to change on a host, as configuration that can be pasted: nginx, Caddy, Vercel, Netlify, Starlette.

Pure: `Changes` in, text out. Whatever stands in a `Changes` has been proven harmless where it was made
(`gonogo.concerns.security.hardening`): printable ASCII without quotes for names, without `$`, braces and backslashes for values.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

NONCE = "{nonce}"
"""Stands in a policy where each response has a new nonce."""
CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
"""TLS 1.2 with forward secrecy and authenticated encryption alone (RFC 9325 §4.2)."""
_WIDTH = 100
_CSP = "Content-Security-Policy"


@dataclass(frozen=True, slots=True)
class CookieFlags:
    """Attributes that a cookie lacks."""

    name: str
    secure: bool
    http_only: bool
    same_site: str
    """`Lax`, or empty when it has one."""

    @property
    def attributes(self) -> tuple[str, ...]:
        flags = (("Secure", self.secure), ("HttpOnly", self.http_only))
        said = tuple(name for name, lacks in flags if lacks)
        return (*said, f"SameSite={self.same_site}") if self.same_site else said


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything to change on one host."""

    host: str
    """Its name, without port."""
    origin: str = ""
    """`https://www.example.org`, with its port where it has an unusual one."""
    plain: str = ""
    """Its plain-http origin, where requests must be redirected; empty: the redirect is as it should be."""
    headers: tuple[tuple[str, str], ...] = ()
    """Name and value of each header to send on every answer, without the content security policy."""
    policy: str = ""
    """The whole content security policy to send, with `NONCE` in it where a nonce belongs; empty: it stays."""
    static_policy: str = ""
    """The part of a policy with a nonce that a server may add beside the application's own: browsers obey both."""
    removed: tuple[str, ...] = ()
    """Headers that are to go."""
    server_hidden: bool = False
    """The version in Server is to go; hosts of static files do not let their users choose."""
    cookies: tuple[CookieFlags, ...] = ()
    tls_minimum: str = ""
    """`1.2` or `1.3` where versions must change; empty: they stay."""
    ciphers: bool = False
    """The suites of TLS 1.2 must change."""
    groups: tuple[str, ...] = ()
    """Key agreement groups to offer, by OpenSSL's names; empty: they stay."""
    remarks: tuple[str, ...] = ()
    """Sentences that whoever pastes must read."""

    @property
    def has_nonce(self) -> bool:
        return NONCE in self.policy

    @property
    def static_headers(self) -> tuple[tuple[str, str], ...]:
        """Headers that a server without an application can send, and that replace what was sent before."""
        return (*self.headers, (_CSP, self.policy)) if self.policy and not self.has_nonce else self.headers

    @property
    def answers(self) -> bool:
        """Something changes in the answers themselves, not only in TLS or the redirect."""
        return bool(self.static_headers or self.policy or self.removed or self.server_hidden or self.cookies)


@dataclass(frozen=True, slots=True)
class Block:
    place: str
    """Where it belongs: `inside the server block of www.example.org`."""
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """The changes of a host for one kind of server."""

    server: str
    blocks: tuple[Block, ...]


def fixes(changes: Changes) -> tuple[Fix, ...]:
    """One fix for each server that can make at least one of the changes; none without changes."""
    made = (
        Fix("nginx", _nginx(changes)),
        Fix("Caddy", _caddy(changes)),
        Fix("Vercel", _vercel(changes)),
        Fix("Netlify", _netlify(changes)),
        Fix("Starlette, FastAPI and other ASGI applications", _starlette(changes)),
    )
    return tuple(fix for fix in made if fix.blocks)


def _comment(sentences: tuple[str, ...], mark: str = "#") -> list[str]:
    return [
        line
        for sentence in sentences
        for line in textwrap.wrap(
            sentence,
            _WIDTH,
            initial_indent=f"{mark} ",
            subsequent_indent=f"{mark} ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def _nonce_remarks(changes: Changes) -> tuple[str, ...]:
    """Why the script part of a policy is missing from a static configuration."""
    if not changes.has_nonce:
        return ()
    own = "The application sends the policy itself, with a new nonce in each response (see the ASGI block):"
    beside = "What follows is the part without a nonce. It stands beside the application's policy; browsers obey both."
    return (own, changes.policy, beside) if changes.static_policy else (own, changes.policy)


# --- nginx ---


def _nginx(changes: Changes) -> tuple[Block, ...]:
    blocks = []
    if body := [*_nginx_answers(changes), *_nginx_tls(changes)]:
        text = "\n".join([*_comment(changes.remarks), *body])
        blocks.append(Block(f"inside the server block of {changes.host}", text))
    if changes.plain:
        blocks.append(Block("beside it, in place of what answers on plain http", _nginx_redirect(changes)))
    return tuple(blocks)


def _nginx_answers(changes: Changes) -> list[str]:
    added = [f"add_header {name} {_quoted(value)} always;" for name, value in changes.static_headers]
    beside = changes.static_policy if changes.has_nonce else ""
    hidden = dict.fromkeys((*(name for name, _ in changes.static_headers), *changes.removed))
    said: list[str] = []
    if added or beside:
        said += _comment(
            (
                "A location with an add_header of its own inherits none of these: repeat them there (include a file).",
                "`always` sends them with errors too.",
            )
        )
    if changes.server_hidden:
        said.append("server_tokens off;")
    if hidden:
        said += _comment(("The application's own copies; fastcgi_hide_header and the like for other upstreams.",))
        said += [f"proxy_hide_header {name};" for name in hidden]
    said += added
    said += _comment(_nonce_remarks(changes))
    if beside:
        said.append(f"add_header {_CSP} {_quoted(beside)} always;")
    if changes.cookies:
        said += _comment(
            ("Cookies of an upstream (nginx 1.19.3 and later); better still, set them so in the application.",)
        )
        said += [_nginx_cookie(one) for one in changes.cookies]
    return said


def _nginx_cookie(cookie: CookieFlags) -> str:
    return f"proxy_cookie_flags {cookie.name} {' '.join(one.lower() for one in cookie.attributes)};"


def _nginx_tls(changes: Changes) -> list[str]:
    said: list[str] = []
    if changes.tls_minimum or changes.ciphers or changes.groups:
        said += _comment(("On the default_server of this address too: nginx takes TLS settings from there.",))
    if changes.tls_minimum:
        said.append(f"ssl_protocols {'' if changes.tls_minimum == '1.3' else 'TLSv1.2 '}TLSv1.3;")
    if changes.ciphers:
        said += [f"ssl_ciphers {':'.join(CIPHERS)};", "ssl_prefer_server_ciphers off;"]
    if changes.groups:
        said += _comment(("Groups with MLKEM need OpenSSL 3.5.",) if _post_quantum(changes) else ())
        said.append(f"ssl_ecdh_curve {':'.join(changes.groups)};")
    return said


def _post_quantum(changes: Changes) -> bool:
    return any("MLKEM" in group for group in changes.groups)


def _nginx_redirect(changes: Changes) -> str:
    port = _port(changes.plain) or "80"
    return "\n".join(
        (
            "server {",
            f"    listen {port};",
            f"    listen [::]:{port};",
            f"    server_name {changes.host};",
            f"    return 301 {changes.origin}$request_uri;",
            "}",
        )
    )


def _quoted(value: str) -> str:
    """A value in double quotes; it holds no `$`, which neither nginx nor Caddy could take literally."""
    return '"' + value.replace('"', '\\"') + '"'


def _port(origin: str) -> str:
    """The port of an origin, or an empty text. An IPv6 address stands in brackets."""
    return origin.partition("://")[2].rpartition("]")[2].partition(":")[2]


# --- Caddy ---


def _caddy(changes: Changes) -> tuple[Block, ...]:
    blocks = []
    header, remarks = _caddy_header(changes), _comment((*changes.remarks, *_nonce_remarks(changes)))
    body = [*(_caddy_import(changes) if header else ()), *_caddy_tls(changes)]
    if header:
        blocks.append(
            Block(
                "at the top of the Caddyfile",
                "\n".join([*remarks, f"({_caddy_name(changes)}) {{", *_indented(header), "}"]),
            )
        )
    if body or (remarks and not header and changes.policy):
        lines = [*(() if header else remarks), f"{changes.origin} {{", *_indented(body), "}"]
        blocks.append(Block("into the site's block", "\n".join(lines)))
    if changes.plain:
        address = changes.plain if _port(changes.plain) else f"http://{changes.host}"
        lines = [
            *_comment(("Caddy does this by itself (308) unless auto_https is off or another block has the address.",)),
            f"{address} {{",
            f"\tredir {changes.origin}{{uri}} 301",
            "}",
        ]
        blocks.append(Block("beside it", "\n".join(lines)))
    return tuple(blocks)


def _caddy_name(changes: Changes) -> str:
    """Of the snippet: one for each host, because their headers may differ."""
    return "security_" + re.sub(r"[^a-z0-9]", "_", changes.host)


def _caddy_import(changes: Changes) -> tuple[str, ...]:
    """Answers that Caddy makes itself, such as 502, pass through handle_errors alone."""
    take = f"import {_caddy_name(changes)}"
    return (take, "handle_errors {", f"\t{take}", '\trespond "{err.status_code} {err.status_text}"', "}")


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"\t{line}" for line in lines]


def _caddy_header(changes: Changes) -> list[str]:
    said = [f"\t{name} {_quoted(value)}" for name, value in changes.static_headers]
    said += [f"\t-{name}" for name in (*(("Server",) if changes.server_hidden else ()), *changes.removed)]
    beside = changes.static_policy if changes.has_nonce else ""
    if beside:
        said.append(f"\t+{_CSP} {_quoted(beside)}")
    if not said:
        return []
    deferred = _comment(("`defer`: after the application has answered, so that its own copies are replaced.",))
    return [*deferred, "header {", *said, "\tdefer", "}"]


def _caddy_tls(changes: Changes) -> list[str]:
    said = []
    if changes.tls_minimum:
        said.append(
            f"\tprotocols tls{changes.tls_minimum} tls1.3" if changes.tls_minimum == "1.2" else "\tprotocols tls1.3"
        )
    if curves := [_CADDY_CURVES[one] for one in changes.groups if one in _CADDY_CURVES]:
        said.append(f"\tcurves {' '.join(curves)}")
    if not said:
        return _comment(("Caddy's own suites are safe: delete a `ciphers` line.",)) if changes.ciphers else []
    ciphers = _comment(("Caddy's own suites are safe: no `ciphers` line is needed.",)) if changes.ciphers else []
    return [*ciphers, "tls {", *said, "}"]


_CADDY_CURVES = {"X25519": "x25519", "prime256v1": "secp256r1", "secp384r1": "secp384r1", "secp521r1": "secp521r1"}
"""OpenSSL's names and Caddy's; it offers MLKEM by itself where it knows it."""


# --- Vercel and Netlify ---


def _hosted(changes: Changes) -> tuple[tuple[str, str], ...]:
    """Headers that a host of static files can send."""
    beside = ((_CSP, changes.static_policy),) if changes.has_nonce and changes.static_policy else ()
    return (*changes.static_headers, *beside)


def _elsewhere(changes: Changes) -> tuple[str, ...]:
    """What a host of static files does not let its users configure."""
    said = []
    if changes.cookies:
        said.append("Cookies are set by the functions that send them: add the attributes there.")
    if changes.removed:
        said.append(f"Headers to remove where they are made: {', '.join(changes.removed)}.")
    return tuple(said)


def _vercel(changes: Changes) -> tuple[Block, ...]:
    if not (headers := _hosted(changes)):
        return ()
    document = {"headers": [{"source": "/(.*)", "headers": [{"key": name, "value": value} for name, value in headers]}]}
    remarks = (*changes.remarks, *_nonce_remarks(changes), *_elsewhere(changes))
    place = "\n".join(("vercel.json, among what is there.", *remarks))
    return (Block(place, json.dumps(document, indent=2)),)


def _netlify(changes: Changes) -> tuple[Block, ...]:
    if not (headers := _hosted(changes)):
        return ()
    functions = "Netlify adds them to the files that it serves itself; answers of functions must bring their own."
    remarks = _comment((*changes.remarks, *_nonce_remarks(changes), functions, *_elsewhere(changes)))
    toml = [*remarks, "[[headers]]", '  for = "/*"', "  [headers.values]"]
    toml += [f"    {name} = {json.dumps(value)}" for name, value in headers]
    plain = [*remarks, "/*", *(f"  {name}: {value}" for name, value in headers)]
    return (
        Block("netlify.toml", "\n".join(toml)),
        Block("or _headers, in the published folder", "\n".join(plain)),
    )


# --- ASGI ---


def _starlette(changes: Changes) -> tuple[Block, ...]:
    if not (changes.answers or changes.plain):
        return ()
    place = "around the whole application, so that errors are covered too: app = SecurityHeaders(app)"
    return (Block(place, "\n".join((*_asgi_head(changes), "", "", *_asgi_class(changes)))),)


def _asgi_head(changes: Changes) -> list[str]:
    said = _comment(changes.remarks)
    if changes.server_hidden:
        said += _comment(("The server adds its own name afterwards: uvicorn --no-server-header.",))
    if changes.has_nonce:
        nonce = '<script nonce="{{ request.state.csp_nonce }}">'
        said += _comment((f"Templates write this nonce, in place of any other: {nonce}.",))
    if changes.plain:
        said += _comment(("Behind a proxy the scheme comes from X-Forwarded-Proto: uvicorn --proxy-headers.",))
    said += ["import secrets", ""] if changes.has_nonce else []
    said += _mapping("HEADERS", changes.headers)
    said += [f"POLICY = {json.dumps(changes.policy)}"] if changes.policy else []
    if changes.removed:
        said.append(f"REMOVED = {{{', '.join(json.dumps(one.lower()) for one in changes.removed)}}}")
    if changes.cookies:
        said += _mapping("COOKIES", tuple((one.name, one.attributes) for one in changes.cookies))
    return said


def _mapping(name: str, items: Sequence[tuple[str, str | tuple[str, ...]]]) -> list[str]:
    """A dictionary's source; JSON's strings are Python's for ASCII."""
    if not items:
        return [f"{name} = {{}}"]
    return [f"{name} = {{", *(f"    {json.dumps(key)}: {json.dumps(value)}," for key, value in items), "}"]


def _asgi_class(changes: Changes) -> list[str]:
    parts = [_ASGI_CLASS]
    if changes.plain:
        parts.append(_ASGI_REDIRECT.replace("@origin@", changes.origin))
    parts.append(_ASGI_NONCE if changes.has_nonce else _ASGI_WANTED_POLICY if changes.policy else _ASGI_WANTED)
    cookie = 'self.cookie(value) if name.lower() == b"set-cookie" else value' if changes.cookies else "value"
    dropped = "REMOVED | " if changes.removed else ""
    parts.append(_ASGI_CALL.replace("@cookie@", cookie).replace("@dropped@", dropped))
    if changes.cookies:
        parts.append(_ASGI_COOKIE)
    return "\n".join(parts).split("\n")


_ASGI_CLASS = """\
class SecurityHeaders:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return"""

_ASGI_REDIRECT = """\
        if scope["scheme"] == "http":
            target = b"@origin@" + (scope.get("raw_path") or scope["path"].encode())
            target += b"?" + scope["query_string"] if scope["query_string"] else b""
            await send({"type": "http.response.start", "status": 308, "headers": [(b"location", target)]})
            await send({"type": "http.response.body", "body": b""})
            return"""

_ASGI_NONCE = """\
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce
        wanted = {**HEADERS, "Content-Security-Policy": POLICY.replace("{nonce}", nonce)}"""

_ASGI_WANTED_POLICY = """\
        wanted = {**HEADERS, "Content-Security-Policy": POLICY}"""

_ASGI_WANTED = """\
        wanted = HEADERS"""

_ASGI_CALL = """\

        async def secured(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": self.headers(message.get("headers", []), wanted)}
            await send(message)

        await self.app(scope, receive, secured)

    def headers(self, sent, wanted):
        dropped = @dropped@{name.lower() for name in wanted}
        kept = [
            (name, @cookie@)
            for name, value in sent
            if name.decode("latin-1").lower() not in dropped
        ]
        return kept + [(name.lower().encode(), value.encode()) for name, value in wanted.items()]"""

_ASGI_COOKIE = """\

    def cookie(self, value):
        name = value.split(b"=", 1)[0].strip().decode("latin-1")
        present = {part.split(b"=", 1)[0].strip().lower() for part in value.split(b";")[1:]}
        for attribute in COOKIES.get(name, ()):
            if attribute.split("=")[0].lower().encode() not in present:
                value += b"; " + attribute.encode()
        return value"""
