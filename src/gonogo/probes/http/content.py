"""Content codings and character sets, bounded: a small body may not become a large one (RFC 9110 §8.4)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence

import brotli

from gonogo.errors import EvidenceMissing

ACCEPT_ENCODING = "gzip, deflate, br"
UNKNOWN = re.compile(r"(?:application|binary)/(?:octet-stream|x-|sql|vnd\.sqlite)")
UNKNOWN_BYTES = 65_536
TEXT = re.compile(
    r"^(text/.*|application/(.*\+)?(json|xml|javascript|ecmascript|x-javascript|xhtml|manifest|yaml|toml|graphql)(\+.*)?"
    r"|image/svg\+xml)$"
)
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has (WHATWG MIME Sniffing §3, "binary data byte")."""
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16; they count for more than a label does (WHATWG Encoding §6)."""


CHARSETS = frozenset(
    {
        "utf-8",
        "utf8",
        "us-ascii",
        "ascii",
        "utf-16",
        "utf-16le",
        "utf-16be",
        "gbk",
        "gb2312",
        "gb18030",
        "big5",
        "shift_jis",
        "sjis",
    }
    | {"euc-jp", "euc-kr", "iso-2022-jp", "koi8-r", "koi8-u", "latin1"}
    | {f"iso-8859-{part}" for part in range(1, 17)}
    | {f"windows-{page}" for page in (874, *range(1250, 1259))}
)
"""Labels that browsers know (WHATWG Encoding §4.2); Python has codecs beside them that take quadratic time."""


def _inflate(data: bytes, limit: int) -> bytes:
    # 32 + MAX_WBITS: gzip or zlib, told by the header; some servers send raw deflate all the same.
    out = bytearray()
    failure: zlib.error | None = None
    for wbits in (32 + zlib.MAX_WBITS, -zlib.MAX_WBITS):
        out, rest = bytearray(), data
        try:
            while rest and len(out) <= limit:
                decoder = zlib.decompressobj(wbits)
                out += decoder.decompress(rest, limit + 1 - len(out))
                if len(out) <= limit and not decoder.eof:
                    raise EvidenceMissing("protocol", "the compressed body is cut short")
                # RFC 1952 §2.2: a gzip body may have several members.
                rest = decoder.unused_data
            return bytes(out)
        except zlib.error as error:
            failure = error
    raise EvidenceMissing("protocol", f"the body is not what its Content-Encoding says: {failure}")


def _unbrotli(data: bytes, limit: int) -> bytes:
    decoder = brotli.Decompressor()
    out = bytearray()
    try:
        chunk = decoder.process(data, output_buffer_limit=limit + 1)
        while chunk:
            out += chunk
            if len(out) > limit or decoder.can_accept_more_data():
                break
            chunk = decoder.process(b"", output_buffer_limit=limit + 1)
    except brotli.error as error:
        raise EvidenceMissing("protocol", f"the body is not what its Content-Encoding says: {error}") from None
    if len(out) <= limit and not decoder.is_finished():
        raise EvidenceMissing("protocol", "the compressed body is cut short")
    return bytes(out)


DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _inflate,
    "br": _unbrotli,
}


def decode_body(data: bytes, encodings: Sequence[str], *, limit: int) -> bytes:
    """Undo the content codings, the last one applied first.

    Raises EvidenceMissing: "too-large" when the result passes `limit` bytes, "protocol" when a coding is unknown,
    repeated beyond reason or does not fit the data.
    """
    names = [name.strip().lower() for value in encodings for name in value.split(",") if name.strip()]
    names = [name for name in names if name != "identity"]
    if len(names) > 3:
        raise EvidenceMissing("protocol", f"{len(names)} content codings on top of each other")
    for name in reversed(names):
        decoder = DECODERS.get(name)
        if decoder is None:
            raise EvidenceMissing(
                "protocol", f"content coding {name[:40]!r} was not asked for ({ACCEPT_ENCODING} were)"
            )
        if data:
            data = decoder(data, limit)
        if len(data) > limit:
            raise EvidenceMissing("too-large", f"the body grows past {limit} bytes when decompressed")
    return data


def decode_text(data: bytes, content_type: str) -> str:
    """The body as text when its type or its bytes are textual, else an empty string; undecodable bytes become U+FFFD.

    A type proves nothing: servers send a key as application/pgp-keys and an error page as the image that was asked for, so
    what has no byte that only binary data has is read all the same. Of binary data of a type that says nothing
    (application/octet-stream, application/x-…) the beginning is read.
    """
    media_type, _, parameters = content_type.partition(";")
    media_type = media_type.strip().lower()
    wide = data.startswith(_WIDE)
    if media_type and not TEXT.match(media_type) and not wide and _BINARY.search(data):
        return data[:UNKNOWN_BYTES].decode("utf-8", "replace") if UNKNOWN.match(media_type) else ""
    found = re.search(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", parameters, re.IGNORECASE)
    label = "utf-16" if wide else found.group(1).lower() if found else "utf-8"
    return data.decode(label if label in CHARSETS else "utf-8", "replace")
