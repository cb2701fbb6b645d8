"""Scans each page of the demo with drheader, and prints what it said and how long each round took.

Runs in drheader's own environment: `python drheader_scan.py ROUNDS`, with the target in PEERS_TARGET. The demo's names
are resolved in this process alone.
"""

import json
import os
import socket
import sys
import time

TARGET = json.loads(os.environ["PEERS_TARGET"])
_resolve = socket.getaddrinfo


def _demo_address(host, *arguments, **named):
    return _resolve(TARGET["addresses"].get(host, [host])[0], *arguments, **named)


socket.getaddrinfo = _demo_address

from drheader import Drheader  # noqa: E402
from urllib3.connection import HTTPConnection  # noqa: E402

_connect = HTTPConnection._new_conn


def _by_scheme(connection):
    """The demo names its https port in redirects to plain http too; those go to the plain listener."""
    if type(connection) is HTTPConnection and connection.port == TARGET["https_port"]:
        connection.port = TARGET["http_port"]
    return _connect(connection)


HTTPConnection._new_conn = _by_scheme


def scanned(page: str) -> list[dict]:
    """Findings of one page by the default rules, those of cross-origin isolation included."""
    scanner = Drheader(url=page, method="get", verify=TARGET["ca"])
    return [{"page": page, **finding} for finding in scanner.analyze(cross_origin_isolated=True)]


def main() -> None:
    findings, errors, seconds = [], [], []
    for _ in range(int(sys.argv[1])):
        begun = time.perf_counter()
        findings, errors = [], []
        for page in TARGET["pages"]:
            try:
                findings += scanned(page)
            except Exception as error:  # noqa: BLE001 - whatever ends a scan is a result here
                errors.append(f"{type(error).__name__}: {error}"[:300])
        seconds.append(time.perf_counter() - begun)
    print(json.dumps({"findings": findings, "errors": errors, "seconds": seconds}, default=str))


main()
