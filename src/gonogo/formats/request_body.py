"""The body of a request that a page sent, as text: decompressed and bounded."""

from __future__ import annotations

import zlib

MAX_COMPRESSED = 1_000_000
MAX_BYTES = 64_000
"""Of a body, decompressed, that is kept."""

_GZIP = b"\x1f\x8b"
_EITHER = 32
"""Added to zlib's window bits: gzip or zlib, told by the header (https://zlib.net/manual.html)."""
_RAW = -zlib.MAX_WBITS


def text(body: bytes, coding: str = "") -> str:
    """The first MAX_BYTES of a body as UTF-8, errors replaced.

    `coding` is the Content-Encoding as sent, if any (RFC 9110 §8.4.1); gzip is known by its first bytes too, for
    senders that name it in the address only. What does not decompress is taken as it is.
    """
    body = body[:MAX_COMPRESSED]
    named = coding.strip().lower()
    if body.startswith(_GZIP) or named in {"gzip", "x-gzip", "deflate"}:
        body = _inflated(body, raw=named == "deflate")
    return body[:MAX_BYTES].decode("utf-8", "replace")


def _inflated(body: bytes, *, raw: bool) -> bytes:
    """At most MAX_BYTES, whatever the body would grow to; `deflate` is sent with and without zlib's header."""
    for bits in (zlib.MAX_WBITS + _EITHER, *((_RAW,) if raw else ())):
        try:
            return zlib.decompressobj(bits).decompress(body, MAX_BYTES)
        except zlib.error:
            continue
    return body
