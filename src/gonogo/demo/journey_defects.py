"""Defects of journeys; see defects.py."""

from __future__ import annotations

from gonogo.demo.defect import Defect, Reach


def _browser(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips, Reach.BROWSER)


JOURNEY_DEFECTS: tuple[Defect, ...] = (
    _browser("dashboard-frozen", "The dashboard does not refresh itself", "journeys.steps.complete"),
    _browser("dashboard-blank", "The dashboard never shows its figures", "journeys.steps.complete"),
    _browser("summary-slow", "The dashboard's figures take 4.5 s", "journeys.time.budget"),
    _browser("data-stale", "The dashboard shows figures of an hour ago", "journeys.data.fresh"),
    _browser("team-page-open", "The team's dashboard is open to strangers", "journeys.access.status"),
    _browser("team-signed-out", "The team's dashboard refuses who has signed in", "journeys.steps.complete"),
    _browser("figures-throw", "Showing the figures throws, for whoever has accepted", "journeys.steps.clean"),
    _browser("team-data-stale", "The team's figures are of an hour ago", "journeys.data.fresh"),
)
