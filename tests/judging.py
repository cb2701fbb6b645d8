"""Judges an environment without pytest: gathers its evidence as a run does, and calls each check as the plugin does.

A whole run costs seconds; this costs tenths, so that every defect can be held against every check.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from main_job import ROOT

from gonogo import catalogue
from gonogo import run as runs
from gonogo.errors import EvidenceMissing, Shortfall
from gonogo.evidence.collector import Collector
from gonogo.evidence.records import Evidence, Request, identity
from gonogo.evidence.store import Store
from gonogo.result import Finding, Outcome


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
class _Sight:
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
    applying = {one: entry for one, entry in entries.items() if not entry.excluded(environment)}
    wanted = [
        request
        for entry in applying.values()
        for subject in entry.subjects(environment)
        for request in subject.requests
    ]
    found = Judgements()
    with tempfile.TemporaryDirectory(prefix="gonogo-judging-") as scratch:
        evidence = (folder or Path(scratch)) / "evidence"
        evidence.mkdir(parents=True)
        store = Store(evidence, scrub=target.scrub_record)
        requests, _ = runs.plan(environment, wanted)
        found.requests = len(requests)
        collector = Collector(
            environment=environment, base=target.base, store=store, requests=requests, run_id="judging", scrub=target.scrubber()
        )  # fmt: skip
        collector.start()
        collector.finish()
        sight = _Sight(store)
        for one, entry in applying.items():
            for subject in entry.subjects(environment):
                found.every.append(
                    _judged(one, entry, subject.id, partial(entry.noun.build, environment, subject, sight))
                )
    return found


def _judged(check: str, entry: catalogue.Entry, subject: str, build) -> Judgement:  # type: ignore[no-untyped-def]
    try:
        entry.function(build())
    except Shortfall as shortfall:
        return Judgement(check, subject, Outcome.FAIL, findings=shortfall.findings)
    except EvidenceMissing as missing:
        return Judgement(check, subject, Outcome.UNKNOWN, reason=f"{missing.kind}: {missing.message}")
    return Judgement(check, subject, Outcome.PASS)
