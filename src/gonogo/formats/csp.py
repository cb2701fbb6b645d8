"""Content-Security-Policy as browsers enforce it (CSP3 https://www.w3.org/TR/CSP3/).

Several headers, and commas in one, are separate policies; all of them are enforced, so a thing is allowed only if every
policy allows it, and a weakness is real only where no policy blocks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote, urlsplit

from gonogo.formats.public_suffix import is_public

MAX_LENGTH = 65_536
"""Characters of one header value that are read; far more than any server sends."""

MAX_POLICIES = 50
"""Policies of a response that are read. One more could only forbid more, so that leaving it out hides no weakness."""

SPACE = "\t\n\f\r "
"""ASCII white space (Infra §4.6); no other space separates anything in a policy."""

FALLBACK: dict[str, tuple[str, ...]] = {
    "script-src": ("script-src", "default-src"),
    "script-src-elem": ("script-src-elem", "script-src", "default-src"),
    "script-src-attr": ("script-src-attr", "script-src", "default-src"),
    "style-src": ("style-src", "default-src"),
    "style-src-elem": ("style-src-elem", "style-src", "default-src"),
    "style-src-attr": ("style-src-attr", "style-src", "default-src"),
    "worker-src": ("worker-src", "child-src", "script-src", "default-src"),
    "frame-src": ("frame-src", "child-src", "default-src"),
    "child-src": ("child-src", "default-src"),
    "connect-src": ("connect-src", "default-src"),
    "font-src": ("font-src", "default-src"),
    "img-src": ("img-src", "default-src"),
    "manifest-src": ("manifest-src", "default-src"),
    "media-src": ("media-src", "default-src"),
    "object-src": ("object-src", "default-src"),
    "prefetch-src": ("prefetch-src", "default-src"),
}
"""Which directive governs what (CSP3 §6.8.3); base-uri, form-action and frame-ancestors fall back to nothing."""

FETCH_DIRECTIVES = frozenset(FALLBACK) | {"default-src"}
SOURCE_LISTS = FETCH_DIRECTIVES | {"base-uri", "form-action", "frame-ancestors", "fenced-frame-src"}
"""Directives whose value is a source list."""

DIRECTIVES = SOURCE_LISTS | {
    "sandbox",
    "report-uri",
    "report-to",
    "upgrade-insecure-requests",
    "require-trusted-types-for",
    "trusted-types",
    "webrtc",
}
"""Directives that a current browser obeys, from CSP3 and the specifications that extend it (§6.6)."""

DEPRECATED = frozenset(
    {
        "block-all-mixed-content",
        "navigate-to",
        "plugin-types",
        "prefetch-src",
        "referrer",
        "reflected-xss",
        "require-sri-for",
    }
)
"""Directives that were specified once and that current browsers ignore."""

HEADER_ONLY = frozenset({"frame-ancestors", "report-uri", "report-to", "sandbox"})
"""Directives without effect in a meta element (CSP3 §3.3, HTML §4.2.5.3)."""

KEYWORDS = frozenset(
    {
        "none",
        "self",
        "unsafe-inline",
        "unsafe-eval",
        "unsafe-hashes",
        "strict-dynamic",
        "report-sample",
        "wasm-unsafe-eval",
        "trusted-types-eval",
        "unsafe-allow-redirects",
        "unsafe-webtransport-hashes",
        "inline-speculation-rules",
        "report-sha256",
        "report-sha384",
        "report-sha512",
    }
)

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}

_BASE64 = r"[A-Za-z0-9+/_-]+={0,2}"
_QUOTED = re.compile(rf"'(?:(?P<hash>sha(?:256|384|512)-{_BASE64})|nonce-(?P<nonce>{_BASE64}))'", re.IGNORECASE)
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*"
_SCHEME_SOURCE = re.compile(rf"({_SCHEME}):")
_HOST_SOURCE = re.compile(
    rf"(?:(?P<scheme>{_SCHEME})://)?"
    r"(?P<host>\*|(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?)"
    r"(?::(?P<port>[0-9]+|\*))?"
    r"(?P<path>/(?:(?:[A-Za-z0-9._~!$&'()*+=:@-]|%[0-9A-Fa-f]{2})"
    r"(?:[A-Za-z0-9._~!$&'()*+=:@/-]|%[0-9A-Fa-f]{2})*)?)?"
    r"(?:[?#].*)?",
    re.DOTALL,
)


class Kind(StrEnum):
    KEYWORD = "keyword"
    NONCE = "nonce"
    HASH = "hash"
    SCHEME = "scheme"
    HOST = "host"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Source:
    """One source expression (CSP3 §2.3.1). What is not of its kind is empty."""

    text: str
    kind: Kind
    value: str = ""
    """Lower-case keyword, nonce as written, or `sha256-…` with a lower-case algorithm; without quotes."""
    scheme: str = ""
    host: str = ""
    """Lower-case; `*` for any, `*.example.com` for every subdomain."""
    port: str = ""
    """Digits or `*`."""
    path: str = ""
    """Percent-encoded as written, without query and fragment, which browsers ignore."""
    why: str = ""
    """Why no browser understands an invalid expression."""


@lru_cache(maxsize=4096)
def source(text: str) -> Source:
    """A source expression in its typed form. Any text is accepted."""
    if text.startswith("'"):
        return _quoted(text)
    if found := _SCHEME_SOURCE.fullmatch(text):
        return Source(text, Kind.SCHEME, scheme=found[1].lower())
    if found := _HOST_SOURCE.fullmatch(text):
        return Source(
            text,
            Kind.HOST,
            scheme=(found["scheme"] or "").lower(),
            host=found["host"].lower(),
            port=found["port"] or "",
            path=found["path"] or "",
        )
    return Source(text, Kind.INVALID, why="not a keyword, nonce, hash, scheme or host")


def _quoted(text: str) -> Source:
    if found := _QUOTED.fullmatch(text):
        if found["nonce"] is not None:
            return Source(text, Kind.NONCE, found["nonce"])
        algorithm, _, digest = found["hash"].partition("-")
        return Source(text, Kind.HASH, f"{algorithm.lower()}-{digest}")
    word = text[1:-1].lower()
    if len(text) > 1 and text.endswith("'") and word in KEYWORDS:
        return Source(text, Kind.KEYWORD, word)
    if word.startswith(("nonce-", "sha256-", "sha384-", "sha512-")):
        return Source(text, Kind.INVALID, why="a nonce or hash that is not base64 in single quotes")
    return Source(text, Kind.INVALID, why="no known keyword in single quotes")


@dataclass(frozen=True, slots=True)
class Policy:
    """One serialised policy; of a directive given twice only the first counts (CSP3 §2.2.1)."""

    directives: tuple[tuple[str, tuple[str, ...]], ...]
    repeated: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Later directives of a name that stood before; browsers ignore them."""
    unread: tuple[str, ...] = ()
    """Directives with a character outside ASCII; browsers ignore them whole."""
    dropped: tuple[str, ...] = ()
    """Names of directives that a meta element may not hold and that browsers therefore removed."""
    meta: bool = False
    position: int = -1
    """Index in the document from which a meta policy governs; -1 for a header's, which governs all of it."""

    def directive(self, name: str) -> tuple[str, ...] | None:
        return next((sources for found, sources in self.directives if found == name), None)

    def governing(self, name: str) -> str | None:
        """The directive that is in force for a directive after fallback; None when nothing restricts it."""
        present = {found for found, _ in self.directives}
        return next((candidate for candidate in FALLBACK.get(name, (name,)) if candidate in present), None)

    def effective(self, name: str) -> tuple[str, ...] | None:
        """The source list in force for a directive after fallback; None when nothing restricts it."""
        governing = self.governing(name)
        return None if governing is None else self.directive(governing)

    def sources(self, name: str) -> tuple[Source, ...] | None:
        """`effective` in typed form."""
        texts = self.effective(name)
        return None if texts is None else tuple(source(text) for text in texts)

    def keywords(self, name: str) -> frozenset[str]:
        """Keywords, lower-case and without quotes, that are in force for a directive."""
        return frozenset(one.value for one in self.sources(name) or () if one.kind is Kind.KEYWORD)


def parse(values: Iterable[str]) -> tuple[Policy, ...]:
    """Every non-empty policy in the header's values, in order. Any text is accepted, as browsers accept it."""
    texts = (part for value in values for part in value[:MAX_LENGTH].split(","))
    policies = (policy for text in texts if (policy := parse_one(text)).directives or policy.unread)
    return tuple(islice(policies, MAX_POLICIES))


def parse_one(text: str) -> Policy:
    """One serialised policy (CSP3 §2.2.1)."""
    directives: dict[str, tuple[str, ...]] = {}
    repeated: list[tuple[str, tuple[str, ...]]] = []
    unread: list[str] = []
    for token in text[:MAX_LENGTH].split(";"):
        words = re.findall(r"[^\t\n\f\r ]+", token)
        if not words:
            continue
        if not token.isascii():
            unread.append(token.strip(SPACE))
            continue
        name, sources = words[0].lower(), tuple(words[1:])
        if name in directives:
            repeated.append((name, sources))
        else:
            directives[name] = sources
    return Policy(tuple(directives.items()), tuple(repeated), tuple(unread))


def parse_meta(content: str, position: int = 0) -> Policy:
    """The policy of a meta element: one, commas are no separators, and some directives do not count (HTML §4.2.5.3)."""
    policy = parse_one(content)
    return replace(
        policy,
        directives=tuple(pair for pair in policy.directives if pair[0] not in HEADER_ONLY),
        dropped=tuple(name for name, _ in policy.directives if name in HEADER_ONLY),
        meta=True,
        position=position,
    )


def _all_inline(sources: Sequence[Source], kind: str) -> bool:
    """Whether a list allows every inline block of a kind (CSP3 §6.7.3.2)."""
    if any(one.kind in {Kind.NONCE, Kind.HASH} for one in sources):
        return False
    keywords = {one.value for one in sources if one.kind is Kind.KEYWORD}
    return "unsafe-inline" in keywords and not (kind.startswith("script") and "strict-dynamic" in keywords)


def allows_inline(policy: Policy, kind: str, *, nonce: str = "", digests: Iterable[str] = ()) -> bool:
    """Whether a policy lets an inline block run (CSP3 §6.7.3.3).

    `kind` is script-src-elem, script-src-attr, style-src-elem or style-src-attr; a javascript: URL is asked for as
    script-src-attr would be, under script-src-elem, with its digests. `digests` are `sha256-…` of the block's text.
    """
    sources = policy.sources(kind)
    if sources is None or _all_inline(sources, kind):
        return True
    is_element = kind.endswith("-elem")
    if is_element and nonce and any(one.kind is Kind.NONCE and one.value == nonce for one in sources):
        return True
    if is_element or "unsafe-hashes" in policy.keywords(kind):
        wanted = {_digest(digest) for digest in digests}
        return any(one.kind is Kind.HASH and _digest(one.value) in wanted for one in sources)
    return False


def _digest(text: str) -> str:
    """A hash with base64url letters and padding made equal (CSP3 §6.7.3.3)."""
    return text.replace("-", "+").replace("_", "/").rstrip("=")


def allows_eval(policy: Policy) -> bool:
    """Whether a policy lets `eval` run a plain string (§4.4.1); 'trusted-types-eval' admits trusted ones only."""
    return policy.effective("script-src") is None or "unsafe-eval" in policy.keywords("script-src")


def allows_wasm(policy: Policy) -> bool:
    """Whether a policy lets WebAssembly be compiled (§4.5)."""
    return allows_eval(policy) or "wasm-unsafe-eval" in policy.keywords("script-src")


@dataclass(frozen=True, slots=True)
class _Url:
    scheme: str
    host: str
    port: int | None
    path: str


_DROPPED = str.maketrans("", "", "\t\n\r")


def _url(text: str) -> _Url | None:
    try:
        parts = urlsplit(text.translate(_DROPPED).strip(SPACE))
        scheme = parts.scheme.lower()
        port = parts.port if parts.port is not None else DEFAULT_PORTS.get(scheme)
        return _Url(scheme, (parts.hostname or "").lower(), port, parts.path or "/")
    except ValueError:
        return None


_UPGRADES = {"http": {"http", "https"}, "ws": {"ws", "wss"}}


def _scheme_matches(wanted: str, found: str) -> bool:
    """§6.7.2.9: a scheme meets itself and its secure version."""
    return found in _UPGRADES.get(wanted, {wanted})


_SOCKETS = {"ws": "http", "wss": "https"}


def _own_scheme_matches(own: str, found: str) -> bool:
    """For `'self'` and hosts without a scheme: a WebSocket counts as the HTTP request that opens it (Fetch)."""
    return _scheme_matches(own, _SOCKETS.get(found, found))


def _host_matches(wanted: str, found: str) -> bool:
    """§6.7.2.10; IP addresses match as names, as browsers let them."""
    if wanted.startswith("*"):
        return found.endswith(wanted[1:])
    return wanted == found


def _port_matches(wanted: str, url: _Url) -> bool:
    """§6.7.2.11, and port 80 of a source also means 443 of the secure version."""
    if wanted == "*":
        return True
    if not wanted:
        return url.port is None or url.port == DEFAULT_PORTS.get(url.scheme)
    # A port of more than five digits is none; int() of a long text would be slow.
    digits = wanted.lstrip("0")[:6] or "0"
    return url.port == int(digits) or (digits == "80" and url.port == 443 and url.scheme in {"https", "wss"})


def path_matches(wanted: str, found: str) -> bool:
    """§6.7.2.12: exact, or by prefix where the source's path ends with a slash."""
    wanted, found = unquote(wanted), unquote(found)
    return found.startswith(wanted) if wanted.endswith("/") else found == wanted


def _matches(one: Source, url: _Url, own: _Url | None, *, redirected: bool) -> bool:
    """Whether a URL meets a source expression (CSP3 §6.7.2.8)."""
    if one.text == "*":
        return url.scheme in {"http", "https", "ws", "wss"} or (own is not None and own.scheme == url.scheme)
    if one.kind is Kind.SCHEME:
        return _scheme_matches(one.scheme, url.scheme)
    if one.kind is Kind.HOST:
        if one.scheme:
            scheme_matches = _scheme_matches(one.scheme, url.scheme)
        else:
            scheme_matches = own is not None and _own_scheme_matches(own.scheme, url.scheme)
        return (
            scheme_matches
            and bool(url.host)
            and _host_matches(one.host, url.host)
            and _port_matches(one.port, url)
            and (redirected or not one.path or path_matches(one.path, url.path))
        )
    return one.kind is Kind.KEYWORD and one.value == "self" and own is not None and _is_self(url, own)


def _is_self(url: _Url, own: _Url) -> bool:
    """`'self'`: the same origin, or its secure version on the same or default ports (§6.7.2.8)."""
    if not url.host or url.host != own.host:
        return False
    if (url.scheme, url.port) == (own.scheme, own.port):
        return True
    ports_agree = url.port == own.port or (
        own.port == DEFAULT_PORTS.get(own.scheme) and url.port == DEFAULT_PORTS.get(url.scheme)
    )
    return ports_agree and (url.scheme in {"https", "wss"} or (own.scheme == "http" and url.scheme in {"http", "ws"}))


def allows_url(
    policy: Policy,
    directive: str,
    url: str,
    *,
    self_url: str,
    nonce: str = "",
    redirected: bool = False,
    parser_inserted: bool = True,
) -> bool:
    """Whether a policy lets a request pass (CSP3 §6.7.1.1 and §6.7.2.7).

    `directive` is what governs the request before fallback: script-src-elem for a script element, frame-src, base-uri.
    `self_url` is the page's own URL; empty for an opaque origin. After a redirect paths are not compared.
    """
    sources = policy.sources(directive)
    if sources is None:
        return True
    governing = policy.governing(directive) or ""
    like_script = directive.startswith("script-src") or (directive == "worker-src" and governing == "script-src")
    takes_nonce = like_script or directive.startswith("style-src")
    if takes_nonce and nonce and any(one.kind is Kind.NONCE and one.value == nonce for one in sources):
        return True
    if like_script and "strict-dynamic" in policy.keywords(directive):
        return not parser_inserted
    target, own = _url(url), _url(self_url) if self_url else None
    return target is not None and any(_matches(one, target, own, redirected=redirected) for one in sources)


def all_allow_url(
    policies: Sequence[Policy], directive: str, url: str, *, self_url: str, nonce: str = "", redirected: bool = False
) -> bool:
    """Whether the intersection lets a request pass; no policy at all does."""
    return all(
        allows_url(policy, directive, url, self_url=self_url, nonce=nonce, redirected=redirected) for policy in policies
    )


def all_allow_inline(policies: Sequence[Policy], kind: str, *, nonce: str = "", digests: Iterable[str] = ()) -> bool:
    """Whether the intersection lets an inline block run; no policy at all does."""
    known = tuple(digests)
    return all(allows_inline(policy, kind, nonce=nonce, digests=known) for policy in policies)


def open_sources(policy: Policy, directive: str) -> tuple[Source, ...]:
    """Live sources that anybody can meet: any host of a web scheme, or text an attacker can write (`data:`, `blob:`).

    Under 'strict-dynamic' host and scheme sources of scripts are void (§8.2).
    """
    if directive.startswith("script-src") and "strict-dynamic" in policy.keywords(directive):
        return ()
    return tuple(one for one in policy.sources(directive) or () if is_open(one))


OPEN_SCHEMES = frozenset({"http", "https", "ws", "wss", "ftp", "data", "blob", "filesystem", "javascript"})


def is_open(one: Source) -> bool:
    """Whether a source is met by anybody: a scheme alone, any host, or any host below a public suffix."""
    if one.kind is Kind.SCHEME:
        return one.scheme in OPEN_SCHEMES
    if one.kind is not Kind.HOST or not one.host.startswith("*"):
        return False
    above = one.host.removeprefix("*.").rstrip(".")
    return one.scheme in {"", *OPEN_SCHEMES} and ("." not in above or is_public(above))


def allows_any_script(policy: Policy) -> bool:
    """Whether scripts are not restricted at all: no directive, or a source of any host that nothing makes void."""
    return policy.effective("script-src-elem") is None or bool(open_sources(policy, "script-src-elem"))


def sandboxed(policies: Sequence[Policy]) -> bool:
    """Whether a sandbox lets no script run at all (HTML §7.1.5); it has no effect in a meta element."""
    said = (words for policy in policies if (words := policy.directive("sandbox")) is not None)
    return any("allow-scripts" not in {word.lower() for word in words} for words in said)


def hashes(policies: Sequence[Policy]) -> frozenset[str]:
    """Every hash source, without its quotes, that a policy's effective script sources hold."""
    return _values(policies, Kind.HASH)


def nonces(policies: Sequence[Policy]) -> frozenset[str]:
    """Every nonce that a policy's effective script sources hold."""
    return _values(policies, Kind.NONCE)


def _values(policies: Sequence[Policy], kind: Kind) -> frozenset[str]:
    return frozenset(
        one.value for policy in policies for one in policy.sources("script-src-elem") or () if one.kind is kind
    )
