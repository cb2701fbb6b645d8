"""What a browser may speak to, decided before it starts.

Routing in the driver cannot stop what a page sends while it unloads (beacons, keepalive fetches), so the line
is drawn in the browser's resolver: a host that is not declared has no address, whoever asks, a page, a worker
or the browser itself.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from gonogo.environment.model import Tier
from gonogo.environment.models import Environment
from gonogo.environment.values import split_host
from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import SAFE_METHODS
from gonogo.probes.browser.tags import own_paths

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
"""Strict, for the name goes into a rule where `*`, `,` and spaces have a meaning."""

FLAGS = (
    # navigator.webdriver makes consent managers hide their banner from what they take for a bot.
    "--disable-blink-features=AutomationControlled,SharedWorker,FetchLaterAPI",
    # A proxy would resolve names itself and undo the resolver rules.
    "--no-proxy-server",
    "--disable-quic",
    # <a ping> posts on a click and while the page unloads.
    "--no-pings",
    "--disable-domain-reliability",
    "--disable-crash-reporter",
    "--disable-client-side-phishing-detection",
    "--safebrowsing-disable-auto-update",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-field-trial-config",
    # STUN to a literal address would leave by UDP without a look at the resolver.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--mute-audio",
)
"""`--disable-features` is not among them: the last one given wins, and the driver's own list is needed."""


class Answer(StrEnum):
    """What becomes of one request of a page."""

    ALLOW = "allow"
    INTERCEPT = "intercept"
    UNDECLARED = "blocked: undeclared host"
    METHOD = "blocked: method"


@dataclass(frozen=True, slots=True)
class Boundary:
    """The hosts of an environment as the browser sees them; names in lower case, IPv6 without brackets."""

    reachable: frozenset[str]
    intercepted: frozenset[str]
    """Answered inside the browser; they have no address."""
    addresses: tuple[tuple[str, str], ...]
    """Reachable hosts whose address the environment fixes."""
    methods: frozenset[str] | None
    """None: every method."""
    origins: tuple[tuple[str, int], ...]
    """Hosts that speak TLS on a port that is known."""
    site: str = ""
    """The site's own host."""
    local_paths: frozenset[str] = frozenset()
    """Paths on it that lead to somebody's collector; answered inside the browser."""

    @property
    def routed(self) -> bool:
        """Requests must pass the driver, at some milliseconds each: only where rules alone do not suffice."""
        return bool(self.intercepted or self.local_paths) or self.methods is not None

    def judge(self, method: str, url: str) -> Answer:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https", "ws", "wss"}:
            return Answer.ALLOW
        host = (parts.hostname or "").lower()
        if host in self.intercepted or (host == self.site and parts.path in self.local_paths):
            return Answer.INTERCEPT
        if host not in self.reachable:
            return Answer.UNDECLARED
        if self.methods is not None and method not in self.methods:
            return Answer.METHOD
        return Answer.ALLOW

    def resolver_rules(self) -> str:
        """Chromium's `--host-resolver-rules`: exclusions, then the first match; IP literals too."""
        fixed = dict(self.addresses)
        rules = [f"MAP {host} {_bracketed(address)}" for host, address in sorted(fixed.items())]
        rules.append("MAP * ~NOTFOUND")
        rules += [f"EXCLUDE {host}" for host in sorted(self.reachable) if host not in fixed]
        return " , ".join(rules)

    def flags(self, pins: Iterable[str]) -> tuple[str, ...]:
        """Launch flags. `pins` are base64 SHA-256 digests of public keys that were verified elsewhere."""
        pinned = sorted(set(pins))
        trust = (f"--ignore-certificate-errors-spki-list={','.join(pinned)}",) if pinned else ()
        return (*FLAGS, f"--host-resolver-rules={self.resolver_rules()}", *trust)


def boundary(environment: Environment) -> Boundary:
    """The boundary of an environment. Raises EvidenceMissing("invalid") on what is no host or address."""
    urls = [
        environment.site.url,
        environment.site.plain,
        *([environment.api.url] if environment.api and environment.api.url else []),
    ]
    origins = [(parts.hostname or "", parts.port or 443) for parts in map(urlsplit, urls) if parts.scheme == "https"]
    reachable = {(urlsplit(url).hostname or "").lower() for url in urls}
    own = frozenset(reachable)
    intercepted: set[str] = set()
    named = [(text, False) for text in (*environment.hosts, *(environment.tls.hosts if environment.tls else ()))]
    named += [(party.host, party.intercept) for party in environment.third_parties]
    for text, intercept in named:
        host, port = split_host(text)
        (intercepted if intercept else reachable).add(host)
        if port is not None and not intercept:
            origins.append((host, port))
    intercepted -= own
    reachable -= intercepted
    resolve = {host.lower(): address for host, address in environment.resolve.items()}
    limits = environment.limits
    return Boundary(
        reachable=frozenset(map(_checked, reachable)),
        intercepted=frozenset(map(_checked, intercepted)),
        addresses=tuple((host, _address(resolve[host])) for host in sorted(reachable) if host in resolve),
        methods=SAFE_METHODS | set(limits.allow_methods) if environment.tier is Tier.PRODUCTION else None,
        origins=tuple(dict.fromkeys((host.lower(), port) for host, port in origins)),
        site=(urlsplit(environment.site.url).hostname or "").lower(),
        local_paths=own_paths(environment),
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _checked(host: str) -> str:
    if not _HOST.fullmatch(host) and not _is_address(host):
        raise EvidenceMissing("invalid", f"{host[:100]!r} is not a host name; the browser was not started")
    return host


def _address(text: str) -> str:
    address = text.strip("[]")
    if not _is_address(address):
        raise EvidenceMissing("invalid", f"[resolve] {text[:100]!r} is not an IP address; the browser was not started")
    return address


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
