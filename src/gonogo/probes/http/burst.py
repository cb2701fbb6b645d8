"""The burst probe: one GET again and again until the target says that it is enough. Bounded, sequential, opt-in."""

from __future__ import annotations

import time

from gonogo.evidence.records import identity
from gonogo.probes.context import Context
from gonogo.probes.http import probe as http
from gonogo.probes.http.facts import Burst, BurstAnswer
from gonogo.probes.http.request import BurstRequest, HttpRequest

REFUSALS = frozenset({403, 429, 503})
"""Too Many Requests (RFC 6585 §4), and what firewalls and overloaded servers say in its place."""
MAX_BODY = 500


async def gather(request: BurstRequest, context: Context) -> Burst:
    """Send at most `request.count` requests, at the environment's rate.

    Raises EvidenceMissing as the http probe does.
    """
    answers: list[BurstAnswer] = []
    started = time.perf_counter()
    single = HttpRequest(request.url, role=request.role, lane=request.lane)
    while len(answers) < request.count:
        exchange = await http.gather(single, context, evidence_id=identity(request))
        answers.append(BurstAnswer(exchange.status, exchange.headers, exchange.body[:MAX_BODY]))
        if exchange.status in REFUSALS:
            break
    return Burst(tuple(answers), time.perf_counter() - started)
