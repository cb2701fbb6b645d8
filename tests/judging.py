"""Judges an environment without pytest: gathers its evidence as a run does, and calls each check as the plugin does.

A whole run costs seconds; this costs tenths, so that every defect can be held against every check.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio
from main_job import ROOT

from gonogo.concerns.fixture import Asked
from gonogo.errors import EvidenceMissing, Shortfall
from gonogo.evidence.records import Evidence, Request, identity
from gonogo.evidence.store import Store
from gonogo.gathering.collector import Collector
from gonogo.result import Finding, Outcome
from gonogo.run import catalogue
from gonogo.run import target as runs
from gonogo.run.conclude import plan_of


@dataclass(frozen=True)
class Judgement:
    check: str
    subject: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str = ""


@dataclass
class Judgements:
    every: list[Judgement] = field(default_factory=list)
    requests: int = 0

    def checks(self, outcome: Outcome) -> set[str]:
        return {one.check for one in self.every if one.outcome is outcome}

    def told(self) -> str:
        return "\n".join(
            f"{one.outcome} {one.check} [{one.subject}] {one.reason} {[finding.message for finding in one.findings]}"
            for one in self.every
            if one.outcome is not Outcome.PASS
        )


@dataclass
class _Gathered:
    store: Store

    def evidence(self, request: Request) -> Evidence:
        found = self.store.read(identity(request))
        if found is None:
            raise EvidenceMissing("deadline", f"{identity(request)} was not gathered")
        return found


ELSEWHERE = frozenset(
    {"browser", "consent", "vitals", "accessibility", "analytics", "errors", "journeys", "load", "database"}
)
"""Concerns that need more than the network."""


def network_checks() -> dict[str, catalogue.Entry]:
    """Checks that need neither browser nor load nor database."""
    return {name: entry for name, entry in catalogue.catalogue().items() if entry.card.concern not in ELSEWHERE}


def judge(
    name: str | Path, variables: dict[str, str], *, checks: Collection[str] | None = None, folder: Path | None = None
) -> Judgements:
    """Every network check (or these, of any kind) on an environment; the evidence is thrown away unless `folder` is given."""
    target = runs.target(str(name), folder=ROOT / "environments", variables=variables, decides=False)
    environment = target.environment
    chosen = network_checks() if checks is None else {one: catalogue.catalogue()[one] for one in checks}
    entries = dict(sorted(chosen.items()))
    scope = catalogue.Scope(environment)
    applying = {one: entry for one, entry in entries.items() if not entry.excluded(scope)}
    wanted = [
        request for entry in applying.values() for subject in entry.subjects(scope) for request in subject.requests
    ]
    found = Judgements()
    with tempfile.TemporaryDirectory(prefix="gonogo-judging-") as scratch:
        evidence = (folder or Path(scratch)) / "evidence"
        evidence.mkdir(parents=True)
        store = Store(evidence, target.door)
        requests, _ = plan_of(environment, wanted)
        found.requests = len(requests)
        collector = Collector(
            environment=environment, base=target.base, store=store, run_id="judging", scrub=target.scrubber()
        )
        anyio.run(collector.gather, requests)
        gathered = _Gathered(store)
        for one, entry in applying.items():
            for subject in entry.subjects(scope):
                asked = Asked(environment, subject, gathered)
                found.every.append(_judged(one, entry, subject.id, partial(entry.fixture.build, asked)))
    return found


def _judged(check: str, entry: catalogue.Entry, subject: str, build) -> Judgement:  # type: ignore[no-untyped-def]
    try:
        entry.function(build())
    except Shortfall as shortfall:
        return Judgement(check, subject, Outcome.FAIL, findings=shortfall.findings)
    except EvidenceMissing as missing:
        return Judgement(check, subject, Outcome.UNKNOWN, reason=f"{missing.kind}: {missing.message}")
    return Judgement(check, subject, Outcome.PASS)
