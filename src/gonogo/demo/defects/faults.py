"""How each defect of the catalogue is done to the running demo, one entry a defect.

The product (site.py, assets, pages) is healthy and knows nothing of this; a fault stands in its way
(`detour`), alters a finished response (`change`), patches the script, runs SQL, changes the certificate, or
turns a switch of the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gonogo.demo.defects.accessibility import ACCESSIBILITY_FAULTS
from gonogo.demo.defects.analytics import ANALYTICS_FAULTS
from gonogo.demo.defects.api import API_FAULTS
from gonogo.demo.defects.availability import AVAILABILITY_FAULTS
from gonogo.demo.defects.browser import BROWSER_FAULTS
from gonogo.demo.defects.consent import CONSENT_FAULTS
from gonogo.demo.defects.database import DATABASE_FAULTS
from gonogo.demo.defects.delivery import DELIVERY_FAULTS
from gonogo.demo.defects.fault import Fault
from gonogo.demo.defects.journeys import JOURNEY_FAULTS
from gonogo.demo.defects.load import LOAD_FAULTS
from gonogo.demo.defects.round_trips import TRIP_FAULTS
from gonogo.demo.defects.security import SECURITY_FAULTS
from gonogo.demo.defects.tls import TLS_FAULTS
from gonogo.demo.defects.vitals import VITALS_FAULTS

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        **AVAILABILITY_FAULTS,
        **TLS_FAULTS,
        **ACCESSIBILITY_FAULTS,
        **SECURITY_FAULTS,
        **API_FAULTS,
        **CONSENT_FAULTS,
        **VITALS_FAULTS,
        **ANALYTICS_FAULTS,
        **JOURNEY_FAULTS,
        **TRIP_FAULTS,
        **BROWSER_FAULTS,
        **DATABASE_FAULTS,
        **LOAD_FAULTS,
        **DELIVERY_FAULTS,
    }
)
