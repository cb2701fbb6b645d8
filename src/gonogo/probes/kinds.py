"""The kinds of evidence. A new one is a folder with its request, facts, summary and probe, and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gonogo.evidence.records import Request
from gonogo.probes.browser.kind import BROWSER
from gonogo.probes.database.kind import DATABASE
from gonogo.probes.http.kind import BURST, HTTP
from gonogo.probes.kind import AnyKind
from gonogo.probes.load.kind import LOAD
from gonogo.probes.round_trip.kind import ROUND_TRIP
from gonogo.probes.tls.kind import TLS

KINDS: Mapping[str, AnyKind] = MappingProxyType(
    {kind.name: kind for kind in (HTTP, BURST, TLS, BROWSER, DATABASE, LOAD, ROUND_TRIP)}
)


def kind_of(request: Request) -> AnyKind:
    """Raises KeyError for a request of no kind that is listed; `tests/test_structure.py` holds the list complete."""
    return KINDS[request.probe]
