"""A consent visit that was not made takes with it the checks that need it, and no other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
from test_consent_judgements import ACCEPTED, ELSEWHERE, LOOKED, REJECTED, TAG, UNTOUCHED, URL, WITHDRAWN

from gonogo.concerns.consent.fixtures import VISITS
from gonogo.concerns.fixture import Asked
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing, Shortfall
from gonogo.evidence.codec import to_json
from gonogo.evidence.records import Evidence, Failure, FailureKind, Request
from gonogo.probes.browser.request import VisitRequest
from gonogo.run.catalogue import Entry, Scope, catalogue

MADE = dict(zip(VISITS, (REJECTED, ACCEPTED, WITHDRAWN, LOOKED, UNTOUCHED, ELSEWHERE), strict=True))
LOST = Failure(FailureKind.CRASH, "the browser was gone")
ENVIRONMENT = Environment.model_validate({
    "name": "t",
    "tier": "staging",
    "site": {"url": URL.rstrip("/")},
    "consent": {"essential_cookies": ["choice"], "record": "choice"},
    "third_parties": [{"host": "stats.partner.test", "purpose": "analytics"}],
})  # fmt: skip
SCOPE = Scope(ENVIRONMENT)
FLOWS = {
    name: entry for name, entry in catalogue().items() if entry.fixture.name == "consent" and entry.subjects(SCOPE)
}
BY_ALL = {
    "lifetime.record",
    "lifetime.record-attributes",
    "lifetime.trackers",
    "requests.before-choice",
    "traces.none-left",
}
NEEDED_BY = {
    "reject": {
        "allowed.declared", "banner.shown", "choice.persists", "choice.reject-obeyed", "choice.selection", "layers.reject-easy",
        "signals.iab", "signals.update", "wall.usable", "withdrawal.easy", "withdrawal.effective",
    },
    "accept": {
        "allowed.declared", "choice.accept-effective", "choice.persists", "choice.reject-obeyed", "choice.selection",
        "layers.reject-easy", "signals.iab", "signals.update", "wall.before-choice", "wall.usable", "withdrawal.effective",
    },
    "withdraw": {
        "banner.focus-returned", "renewal.expiry", "withdrawal.easy", "withdrawal.effective", "withdrawal.reachable",
    },
    "preferences": {
        "choice.closing", "choice.escape", "choice.persists", "choice.scrolling", "layers.policy", "storage.before-choice",
    },
    "untouched": {
        "banner.named", "banner.shown", "choice.closing", "choice.escape", "choice.scrolling", "choice.selection",
        "layers.policy", "layers.preticked", "layers.prominence", "layers.reject-easy", "layers.reject-first",
        "signals.default", "storage.before-choice", "wall.before-choice",
    },
    "elsewhere": {"choice.selection", "layers.reject-first", "storage.before-choice"},
}  # fmt: skip
"""What a good site's flow needs of each visit, beside what needs all of them."""


@dataclass(frozen=True)
class Source:
    lost: str
    """A visit that failed, or was never planned (`unplanned …`)."""

    def evidence(self, request: Request) -> Evidence:
        assert isinstance(request, VisitRequest)
        name = request.name.removeprefix("consent ")
        if self.lost == f"unplanned {name}":
            raise EvidenceMissing("deadline", LOST.message)
        if self.lost == name:
            return Evidence(name, {}, "", "", "", failure=LOST)
        return Evidence(name, {}, "", "", "", facts=to_json(MADE[name]))


@cache
def judged(check: str, lost: str = "") -> tuple[str, tuple[str, ...]]:
    """What a check says, and the visits that it looked at."""
    entry: Entry = catalogue()[check]
    (subject,) = entry.subjects(SCOPE)
    asked = Asked(ENVIRONMENT, subject, Source(lost))
    try:
        entry.function(entry.fixture.build(asked))
    except Shortfall as shortfall:
        said = f"FAIL {shortfall}"
    except EvidenceMissing as missing:
        said = f"UNKNOWN {missing.kind}: {missing.message}"
    else:
        said = "PASS"
    return said, tuple(asked.looked_at)


def test_the_flow_is_judged_by_many() -> None:
    assert len(FLOWS) >= 28
    assert TAG.startswith("https://stats.partner.test")


@pytest.mark.parametrize("check", FLOWS)
@pytest.mark.parametrize("lost", VISITS)
def test_a_lost_visit_is_unknown_to_who_looks_at_it_and_nothing_to_others(check: str, lost: str) -> None:
    healthy, looked_at = judged(check)
    needed = lost in looked_at
    assert judged(check, lost)[0] == (f"UNKNOWN crash: {LOST.message}" if needed else healthy)
    assert judged(check, f"unplanned {lost}")[0] == (f"UNKNOWN deadline: {LOST.message}" if needed else healthy)


@pytest.mark.parametrize(("lost", "checks"), NEEDED_BY.items())
def test_which_checks_need_a_visit(lost: str, checks: set[str]) -> None:
    said = {check.removeprefix("consent.") for check in FLOWS if judged(check, lost)[0].startswith("UNKNOWN")}
    assert said == checks | BY_ALL


def test_all_visits_are_there_before_a_check_judges() -> None:
    """A judgement has little time, and waits for nothing."""
    source, came = Source(""), []

    class Noting:
        def evidence(self, request: Request) -> Evidence:
            came.append(request)
            return source.evidence(request)

    entry = catalogue()["consent.banner.named"]
    (subject,) = entry.subjects(SCOPE)
    asked = Asked(ENVIRONMENT, subject, Noting())
    flow = entry.fixture.build(asked)
    assert (came, asked.looked_at) == ([*subject.requests], [])
    entry.function(flow)
    assert (len(came), asked.looked_at) == (len(VISITS), ["untouched"])
