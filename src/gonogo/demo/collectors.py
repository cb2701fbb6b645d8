"""The stand-ins for the third parties: an analytics collector and an error tracker."""

from __future__ import annotations

import time

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gonogo.demo.backoffice import ALERTS, Channel
from gonogo.demo.site import COLLECT, COLLECTOR_HOST, ENVELOPE, ERRORS_HOST, Setup
from gonogo.demo.traffic import TEXT, Hit, Ledger

ENDPOINTS = {COLLECTOR_HOST: COLLECT, ERRORS_HOST: ENVELOPE}
BUNDLE = "/bundle.min.js"
BUNDLE_TEXT = '"use strict";\n'
"""A script that both deliver to whoever asks, as such services do; the site does not."""
BODY = 64_000
"""Most of a body that is taken, in bytes."""


def collectors_app(setup: Setup, ledger: Ledger, channel: Channel) -> ASGIApp:
    """Answers POST and its preflight for the site's origin: https://fetch.spec.whatwg.org/#http-cors-protocol"""

    def allow(request: Request, response: Response) -> Response:
        headers: MutableHeaders = response.headers
        headers["Cache-Control"] = "no-store"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        headers.add_vary_header("Origin")
        if request.headers.get("origin") == setup.origin:
            headers["Access-Control-Allow-Origin"] = setup.origin
            headers["Access-Control-Allow-Credentials"] = "true"
            headers["Timing-Allow-Origin"] = setup.origin
        return response

    async def take(request: Request) -> Response:
        host = request.url.hostname or ""
        if ENDPOINTS.get(host) != request.url.path:
            return allow(request, PlainTextResponse("not here\n", status_code=404))
        if request.method == "OPTIONS":
            response = allow(request, Response(status_code=204))
            response.headers["Access-Control-Allow-Methods"] = "POST"
            response.headers["Access-Control-Allow-Headers"] = "content-type"
            response.headers["Access-Control-Max-Age"] = "600"
            return response
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY:
                return allow(request, PlainTextResponse("too large\n", status_code=413))
        ledger.hits.append(
            Hit(
                t=time.time(),
                host=host,
                path=request.url.path,
                query=request.url.query[:TEXT],
                origin=request.headers.get("origin", "")[:TEXT],
                body=body.decode(errors="replace")[:TEXT],
            )
        )
        return allow(request, Response(status_code=204))

    async def bundle(request: Request) -> Response:
        return allow(request, Response(BUNDLE_TEXT, media_type="text/javascript"))

    return Starlette(
        routes=[
            *(Route(path, take, methods=["POST", "OPTIONS"]) for path in sorted(set(ENDPOINTS.values()))),
            Route(BUNDLE, bundle),
            Route(ALERTS, channel.show),
        ]
    )
