"""Defects of what happens behind the pages: errors that are kept and told, people who are forgotten; see defects.py."""

from __future__ import annotations

from gonogo.demo.defect import Defect, Reach

TRIP_DEFECTS: tuple[Defect, ...] = (
    Defect("error-row-lost", "The page's errors are taken and not kept", ("errors.table.recorded",), Reach.BROWSER),
    Defect("error-row-old-release", "Rows of errors name the last release", ("errors.table.release",), Reach.BROWSER),
    Defect("alert-unsent", "No alert is sent for an error", ("errors.alert.delivered",), Reach.BROWSER),
    Defect("deletion-refused", "Whoever asks to be deleted gets an error", ("privacy.deletion.accepted",)),
    Defect("deletion-forgotten", "A request to be deleted is accepted and never done", ("privacy.deletion.complete",)),
    Defect("deletion-partial", "Deleted people still get the newsletter", ("privacy.deletion.complete",)),
)
