"""A response of the demo: as a problem, held back whole, compressed."""

from __future__ import annotations

import functools
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response

PRIVATE = "private, no-store"
LEAST_COMPRESSED = 512
COMPRESSIBLE = ("text/", "application/json", "application/problem+json", "image/svg+xml")


@dataclass(slots=True)
class Reply:
    """A whole response, before it is compressed and sent."""

    status: int
    headers: MutableHeaders
    body: bytes
    compressible: bool = True

    @property
    def text(self) -> str:
        return self.body.decode()


@functools.lru_cache(maxsize=64)
def _compressed_once(body: bytes, coding: str) -> bytes:
    return brotli.compress(body, quality=9) if coding == "br" else gzip.compress(body, 9, mtime=0)


def compress(request: Headers, reply: Reply) -> None:
    """Encode the body as the client accepts it; RFC 9110 §12.5.3, without weights but for `q=0`."""
    kind = reply.headers.get("content-type", "")
    if not kind.startswith(COMPRESSIBLE) or len(reply.body) < LEAST_COMPRESSED:
        return
    reply.headers.add_vary_header("Accept-Encoding")
    offered = [part.strip().lower() for part in request.get("accept-encoding", "").split(",")]
    accepted = {part.split(";")[0].strip() for part in offered if not part.replace(" ", "").endswith(";q=0")}
    coding = next((one for one in ("br", "gzip") if one in accepted), None)
    if coding is None or not reply.compressible:
        return
    if "immutable" in reply.headers.get("cache-control", ""):
        reply.body = _compressed_once(reply.body, coding)
    else:
        body = reply.body
        reply.body = brotli.compress(body, quality=4) if coding == "br" else gzip.compress(body, 5, mtime=0)
    reply.headers["Content-Encoding"] = coding


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """RFC 9457."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(
        content,
        status_code=status,
        headers={"Cache-Control": PRIVATE, **(headers or {})},
        media_type="application/problem+json",
    )
