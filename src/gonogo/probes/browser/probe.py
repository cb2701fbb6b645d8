"""The browser probe: visits in a real Chromium, each in a fresh context of the run's one browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.boundary import Boundary, boundary
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.fleet import Fleet
from gonogo.probes.browser.measure import in_doubt
from gonogo.probes.browser.request import VisitRequest
from gonogo.probes.browser.walk import visit
from gonogo.probes.context import Context
from gonogo.probes.tls.facts import TlsFacts
from gonogo.probes.tls.request import handshake

__all__ = ["gather"]


async def gather(request: VisitRequest, context: Context) -> Visit:
    """Make a visit and record what was seen.

    Raises EvidenceMissing: `guard` (a page outside the declaration), `unavailable` (no browser starts),
    `dns`, `connect`, `tls`, `timeout` or `protocol` (a page was not reached), `too-large` (more than kept),
    `unneeded` (a spare repetition, and the first ones leave nothing in doubt).
    """
    if not await in_doubt(request, context.fetch):
        raise EvidenceMissing("unneeded", "the first runs leave no budget in doubt, so this repetition was not made")
    for step in request.steps:
        if step.action in {"goto", "again"}:
            context.guard.check("GET", step.value)
    limits = boundary(context.environment)
    pins = await _pins(request, context, limits)
    fleet = await context.shared("browser", lambda: _open(context))
    running = await fleet.browser(limits.flags(pins))
    seen = await visit(request, context, running, limits)
    if seen.problems and not await running.answers():
        raise EvidenceMissing("unavailable", f"{request.name}: the browser or its driver died during the visit")
    return seen


async def _open(context: Context) -> Fleet:
    fleet = Fleet(context.folder / ".traces")
    context.resources.push_async_callback(fleet.aclose)
    return fleet


async def _pins(request: VisitRequest, context: Context, limits: Boundary) -> tuple[str, ...]:
    """Keys to trust under a private CA, unknown to the browser: of leaves that our own handshake verified.

    Certificate errors are never ignored wholesale: a host whose chain or name did not verify has no pin, and
    a visit to it fails.
    """
    if not context.environment.ca_file:
        return ()
    origins = dict.fromkeys(limits.origins)
    for step in request.steps:
        parts = urlsplit(step.value) if step.action == "goto" else None
        if parts is not None and parts.scheme == "https":
            origins[(parts.hostname or "").lower(), parts.port or 443] = None
    pins: list[str] = []
    for host, port in origins:
        evidence = await context.fetch(handshake(context.environment, host, port))
        if evidence.facts is not None:
            pins += verified_keys(evidence.seen(TlsFacts))
    return tuple(pins)


def verified_keys(seen: TlsFacts) -> list[str]:
    """Keys of the leaves whose name fits and whose chain both verifiers accept, once each."""
    leaves = [
        one.presented[0]
        for one in seen.handshakes
        if one.presented and one.name_matches and not one.error and not one.second_error
    ]
    return list(dict.fromkeys(leaf.spki_sha256 for leaf in leaves if leaf.spki_sha256))
