"""What a check may ask for by fixture name, one line a concern; each concern's types stand in its own module."""

from __future__ import annotations

from typing import Any

from gonogo.concerns.accessibility.fixtures import ACCESSIBILITY
from gonogo.concerns.analytics import ANALYTICS
from gonogo.concerns.api.fixtures import API
from gonogo.concerns.availability import AVAILABILITY
from gonogo.concerns.browser.fixtures import BROWSER
from gonogo.concerns.consent.fixtures import CONSENT
from gonogo.concerns.database.fixtures import DATABASE
from gonogo.concerns.delivery import DELIVERY
from gonogo.concerns.fixture import Fixture
from gonogo.concerns.journeys import JOURNEYS
from gonogo.concerns.load import LOAD
from gonogo.concerns.round_trips import ROUND_TRIPS
from gonogo.concerns.security.fixtures import SECURITY
from gonogo.concerns.tls import TLS
from gonogo.concerns.vitals.fixtures import VITALS

__all__ = ["FIXTURES"]

_EVERY: tuple[Fixture[Any, Any], ...] = (
    *AVAILABILITY,
    *SECURITY,
    *TLS,
    *API,
    *DELIVERY,
    *BROWSER,
    *CONSENT,
    *ANALYTICS,
    *JOURNEYS,
    *ROUND_TRIPS,
    *ACCESSIBILITY,
    *VITALS,
    *DATABASE,
    *LOAD,
)
FIXTURES: dict[str, Fixture[Any, Any]] = {one.name: one for one in _EVERY}
"""Every fixture, by the name that a check's parameter has."""
