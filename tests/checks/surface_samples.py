"""Answers as the http probe would record them, for judgements without a server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from gonogo.concerns.security.pages import Document, Response
from gonogo.environment import models
from gonogo.errors import EvidenceMissing, Shortfall
from gonogo.probes.http.facts import Exchange, Timings

at = datetime(2026, 11, 20, 12, tzinfo=UTC)


def exchange(body: str, status: int, *headers: tuple[str, str], url: str = "https://www.acme.test/") -> Exchange:
    return Exchange(
        url=url, method="GET", role="anonymous", status=status, http_version="HTTP/1.1", headers=headers, body=body,
        body_bytes=len(body), wire_bytes=len(body), body_sha256="", timings=Timings(None, None, None, 0.1, 0.1),
        address="127.0.0.1", ended=at.isoformat(),
    )  # fmt: skip


def document(*headers: tuple[str, str], body: str = "<p>page") -> Document:
    return Document(models.Page(path="/"), exchange(body, 200, *headers), models.Security())


def response(kind: str, *headers: tuple[str, str], status: int = 200, body: str = "<p>page") -> Response:
    return Response(kind, kind, exchange(body, status, *headers), models.Security(), "www.acme.test")


def says(judge: Callable[..., None], value: object) -> str:
    """`PASS`, `FAIL: messages` or `UNKNOWN: why`."""
    try:
        judge(value)
    except Shortfall as shortfall:
        return f"FAIL: {[finding.message for finding in shortfall.findings]}"
    except EvidenceMissing as missing:
        return f"UNKNOWN: {missing.message}"
    return "PASS"
