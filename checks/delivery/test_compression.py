"""Uncompressed text is three to five times as long on the wire.

Fix: nginx `gzip on; gzip_types text/css application/javascript application/json image/svg+xml;`, or brotli at the CDN.
See: https://www.rfc-editor.org/rfc/rfc9110#section-8.4
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.delivery import Delivered

WORTHWHILE = 1024
"""Bytes below which a coding saves nothing: a packet is a packet."""


@check(title="Text is compressed", severity=Severity.MEDIUM, profiles={"smoke", "nightly"})
def test_text(text: Delivered) -> None:
    """The coding must be one that we offered, and caches must be told that it varies."""
    exchange = text.exchange
    if exchange.status != 200:
        report([Finding.of(text.path, seen=f"status {exchange.status}", wanted="status 200")])
    if exchange.body_bytes <= WORTHWHILE:
        return
    coded = {part.strip().lower() for field in exchange.values("content-encoding") for part in field.split(",")}
    if not coded & {"br", "gzip", "zstd", "deflate"}:
        report([Finding.of(text.path, seen=f"{exchange.wire_bytes} bytes without coding", wanted="br or gzip")])
    varies = {part.strip().lower() for field in exchange.values("vary") for part in field.split(",")}
    if not varies & {"accept-encoding", "*"}:
        report(
            [
                Finding.of(
                    text.path,
                    seen=", ".join(sorted(varies - {""}))[:80] or "absent",
                    wanted="Accept-Encoding",
                    what="Vary",
                )
            ]
        )
