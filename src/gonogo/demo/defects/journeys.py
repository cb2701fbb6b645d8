"""How each defect of journeys is done to the running demo, one entry a defect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from starlette.responses import HTMLResponse

from gonogo.demo.defects.defect import Defect, browser
from gonogo.demo.defects.fault import Fault, content, instead, script, slow
from gonogo.demo.replies import problem
from gonogo.demo.site import ACCOUNT

SUMMARY = "/api/public/summary"
EVERY = "    setInterval(refresh, 15000);\n"
TOTAL = '    set("total-events", figures.events.toLocaleString("en"));\n'
SHOWN = '      if (!figures.hidden) analytics.event("figures_shown");\n'
STALE = timedelta(hours=1)


def _stale(body: bytes) -> bytes:
    """As when the job that makes the figures has stopped."""
    answer = json.loads(body)
    answer["generated_at"] = (datetime.fromisoformat(answer["generated_at"]) - STALE).isoformat()
    return json.dumps(answer).encode()


JOURNEY_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "dashboard-frozen": script((EVERY, "")),
        "dashboard-blank": script((TOTAL, "")),
        "summary-slow": slow(SUMMARY, 4.5),
        "data-stale": content(SUMMARY, _stale),
        "team-page-open": instead(
            "/dashboard/team",
            lambda request: (
                None
                if ACCOUNT in request.cookies
                else HTMLResponse("<!doctype html><title>Team</title><p>Team dashboard")
            ),
        ),
        "team-signed-out": instead("/dashboard/team", lambda _: problem(401, "Send a bearer token.")),
        "figures-throw": script((SHOWN, f"{SHOWN}      if (analytics.visitor) settings.campaign.shown += 1;\n")),
        "team-data-stale": content("/api/analytics/engagement/metrics", _stale),
    }
)


JOURNEY_DEFECTS: tuple[Defect, ...] = (
    browser("dashboard-frozen", "The dashboard does not refresh itself", "journeys.steps.complete"),
    browser("dashboard-blank", "The dashboard never shows its figures", "journeys.steps.complete"),
    browser("summary-slow", "The dashboard's figures take 4.5 s", "journeys.time.budget"),
    browser("data-stale", "The dashboard shows figures of an hour ago", "journeys.data.fresh"),
    browser("team-page-open", "The team's dashboard is open to strangers", "journeys.access.status"),
    browser("team-signed-out", "The team's dashboard refuses who has signed in", "journeys.steps.complete"),
    browser("figures-throw", "Showing the figures throws, for whoever has accepted", "journeys.steps.clean"),
    browser("team-data-stale", "The team's figures are of an hour ago", "journeys.data.fresh"),
)
