"""An event that is no longer sent leaves a hole in every funnel that is built on it, and nobody is told.

Fix: find the event's name in the code or the tag manager; a renamed event is a new one, so tell those who count it.
See: https://developers.google.com/analytics/devguides/collection/ga4/events
"""

from __future__ import annotations

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.analytics import CountedEvent


@check(title="Declared events are counted", severity=Severity.HIGH, profiles={"nightly"})
def test_seen(analytics_event: CountedEvent) -> None:
    """In the visit that accepts, or in the journey that provokes the event."""
    name, seen = analytics_event.event.name, analytics_event.seen
    if name not in seen:
        report([Finding.of(name, seen=", ".join(seen)[:150] or "no event", wanted=f"the event {name}")])
