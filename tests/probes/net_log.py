"""Reads Chromium's own log of its network stack (`--log-net-log`): every name looked up, every address spoken to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

NO_ADDRESS = "~notfound"
"""What the browser's resolver rules call a host without an address; it fails without asking anybody."""
REQUEST, TCP, UDP_TO, UDP_SENT = "HOST_RESOLVER_MANAGER_REQUEST", "TCP_CONNECT_ATTEMPT", "UDP_CONNECT", "UDP_BYTES_SENT"
ASKING = ("HOST_RESOLVER_MANAGER_JOB", "HOST_RESOLVER_SYSTEM_TASK", "HOST_RESOLVER_DNS_TASK", "DNS_TRANSACTION")
"""Events of a name that the system's resolver or a name server is asked for."""


@dataclass(frozen=True)
class NetLog:
    looked_up: frozenset[str]
    """Hosts as the resolver got them, after the resolver rules; addresses in place of names that the rules map."""
    asked: frozenset[str]
    """What left the browser for the system's resolver or a name server: the host, or the event where it does not name one."""
    connected: frozenset[str]
    """IP addresses to which a TCP connection was tried."""
    sent: frozenset[str]
    """IP addresses to which a UDP datagram was sent. A socket that is only bound to a peer sends nothing: so the browser
    finds out whether there is a route by IPv6."""


def read(path: Path) -> NetLog:
    """Read a log, also one that a killed browser left without its end."""
    text = path.read_text(encoding="utf-8")
    try:
        told = json.loads(text)
    except ValueError:
        told = json.loads(text[: text.rindex("\n")].rstrip().rstrip(",") + "]}")
    known: dict[str, int] = told["constants"]["logEventTypes"]
    missing = {REQUEST, TCP, UDP_TO, UDP_SENT, *ASKING} - set(known)
    assert not missing, f"this browser's log has other events: {missing}"
    names = {number: name for name, number in known.items()}
    peers: dict[int, str] = {}
    looked_up, asked, connected, sent = set[str](), set[str](), set[str](), set[str]()
    for event in told["events"]:
        kind, source, fields = names[event["type"]], event["source"]["id"], event.get("params") or {}
        if kind == REQUEST and "host" in fields:
            looked_up.add(_host(fields["host"]))
        elif kind in ASKING:
            asked.add(_host(fields["host"]) if "host" in fields else kind)
        elif kind == TCP and "address" in fields:
            connected.add(_host(fields["address"]))
        elif kind == UDP_TO and "address" in fields:
            peers[source] = _host(fields["address"])
        elif kind == UDP_SENT:
            sent.add(_host(fields["address"]) if "address" in fields else peers.get(source, "somewhere"))
    return NetLog(frozenset(looked_up), frozenset(asked), frozenset(connected), frozenset(sent))


def _host(text: str) -> str:
    """Of `http://name:80`, `name:80`, `[::1]:80`, `name`."""
    return (urlsplit(text if "://" in text else f"//{text}").hostname or text).lower()
