"""The defect catalogue: small named mutations of the demo target, each naming the checks that it must trip.

One module a concern; what each defect does stands in the same module, under the same id.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from gonogo.demo.defects.accessibility import ACCESSIBILITY_DEFECTS
from gonogo.demo.defects.analytics import ANALYTICS_DEFECTS
from gonogo.demo.defects.api import API_DEFECTS
from gonogo.demo.defects.availability import AVAILABILITY_DEFECTS
from gonogo.demo.defects.browser import BROWSER_DEFECTS
from gonogo.demo.defects.consent import CONSENT_DEFECTS
from gonogo.demo.defects.database import DATABASE_DEFECTS
from gonogo.demo.defects.defect import Defect as Defect
from gonogo.demo.defects.defect import Reach as Reach
from gonogo.demo.defects.delivery import DELIVERY_DEFECTS
from gonogo.demo.defects.journeys import JOURNEY_DEFECTS
from gonogo.demo.defects.load import LOAD_DEFECTS
from gonogo.demo.defects.round_trips import TRIP_DEFECTS
from gonogo.demo.defects.security import SECURITY_DEFECTS
from gonogo.demo.defects.tls import TLS_DEFECTS
from gonogo.demo.defects.vitals import VITALS_DEFECTS

DEFECTS: tuple[Defect, ...] = (
    *AVAILABILITY_DEFECTS,
    *TLS_DEFECTS,
    *ACCESSIBILITY_DEFECTS,
    *SECURITY_DEFECTS,
    *API_DEFECTS,
    *CONSENT_DEFECTS,
    *VITALS_DEFECTS,
    *ANALYTICS_DEFECTS,
    *JOURNEY_DEFECTS,
    *TRIP_DEFECTS,
    *BROWSER_DEFECTS,
    *DATABASE_DEFECTS,
    *LOAD_DEFECTS,
    *DELIVERY_DEFECTS,
)


def misnamed(ids: Iterable[str]) -> str:
    """The first id that no defect has, with the nearest that there is; empty where all are known."""
    known = [defect.id for defect in DEFECTS]
    for one in ids:
        if one not in known:
            close = get_close_matches(one[:100], known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ";"
            return f"{one[:100]}: no such defect{hint} `gonogo defects` lists them"
    return ""
