"""Defects of analytics, of error tracking and of scripts in the page; see defects.py."""

from __future__ import annotations

from gonogo.demo.defect import Defect, Reach


def _browser(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips, Reach.BROWSER)


ANALYTICS_DEFECTS: tuple[Defect, ...] = (
    _browser("tag-of-another-site", "The tag has the id of another property", "analytics.tag.id"),
    _browser("hit-incomplete", "Hits do not tell the page's address", "analytics.hits.parameters"),
    _browser("hit-elsewhere", "Hits name another property", "analytics.hits.parameters"),
    _browser("hit-denied", "Hits after acceptance tell of a refusal", "analytics.hits.signals"),
    _browser("tag-once", "Only the page on which it was accepted is counted", "analytics.coverage.pages"),
    _browser("event-renamed", "Page views have another name", "analytics.events.seen"),
    _browser("event-lost", "An interaction is no longer counted", "analytics.events.seen"),
    _browser("error-client-elsewhere", "The error tracker has another project's DSN", "errors.client.configured"),
    _browser("error-unreported", "Uncaught errors are not reported", "errors.report.sent"),
    _browser("error-unlabelled", "Error reports name no release", "errors.report.labelled"),
    _browser("error-forbidden-host", "Errors also go to a service that was ruled out", "errors.hosts.forbidden"),
    _browser("script-foreign", "The dashboard runs a script of the error tracker", "browser.scripts.declared"),
    _browser("content-mixed", "A picture is asked for over plain http", "browser.requests.encrypted"),
    _browser("part-missing", "A picture of the dashboard answers 404", "browser.requests.answered"),
    _browser("types-bypassed", "A default policy lets any markup pass", "browser.trusted-types.enforced"),
)
