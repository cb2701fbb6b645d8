"""From a run's directory to what the report writers show: evidence in a few lines, results, cards."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gonogo.concerns.accessibility.report import to_look_at
from gonogo.concerns.accessibility.undecided import undecided
from gonogo.concerns.consent.inventory import inventories
from gonogo.concerns.consent.report import kept
from gonogo.concerns.security.host_security import host_policies
from gonogo.concerns.security.report import policies
from gonogo.concerns.vitals.drawing import drawn_of
from gonogo.concerns.vitals.report import measurements
from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence, PlanEntry
from gonogo.evidence.summary import MAX_LINE, Summary, failure_text
from gonogo.gate.encode import verdict_json
from gonogo.gate.model import Shard, Verdict
from gonogo.probes.kinds import KINDS
from gonogo.reports.model import EvidenceSummary, Report
from gonogo.result import Outcome, Result
from gonogo.run import folder as rundir
from gonogo.run.catalogue import catalogue


def summarise(evidence: Evidence, environment: Environment, folder: Path) -> EvidenceSummary:
    """One record in a few lines; of a kind that this version does not know, what was asked. Raises ValueError when its facts
    are not of its kind."""
    probe = str(evidence.request.get("probe", ""))
    kind = KINDS.get(probe)
    told = kind.summary(evidence, environment, folder) if kind else Summary(f"{probe or 'unknown'} {evidence.id}")
    seconds = (datetime.fromisoformat(evidence.ended) - datetime.fromisoformat(evidence.started)).total_seconds()
    plots, drawn = drawn_of(evidence, told.title, environment, folder)
    failure = failure_text(evidence)
    return EvidenceSummary(
        id=evidence.id,
        probe=probe,
        title=told.title[:MAX_LINE],
        started=evidence.started,
        seconds=seconds,
        failure=failure,
        screenshot=told.screenshot,
        excerpt=told.excerpt if failure or not evidence.failure else evidence.failure.message,
        plot=told.points,
        plots=plots,
        drawn=drawn,
        image=told.image,
        attached=told.attached,
    )


def report_of(
    run: Path, environment: Environment, verdict: Verdict, *, scrub: Callable[[str], str], shard: Shard | None = None
) -> Report:
    """Everything the writers need, read from the run's directory; `shard` is what was read of it a moment ago.

    Raises RunUnreadable, OSError, ValueError.
    """
    shard = shard or rundir.read(run)
    results = list(shard.results)
    cards = {name: entry.card for name, entry in catalogue().items()}
    reported = {result.key for result in results}
    for check, subject, reason in shard.intent.not_applicable if shard.intent else ():
        if (check, subject) not in reported and check in cards:
            results.append(Result(check, subject, Outcome.NOT_APPLICABLE, cards[check].severity, reason=reason))
    summaries = {}
    records = []
    for path in sorted((run / "evidence").glob("*.json")):
        evidence = Evidence.from_json(json.loads(path.read_text(encoding="utf-8")))
        records.append(evidence)
        summaries[evidence.id] = summarise(evidence, environment, run / "evidence")
    plan: tuple[PlanEntry, ...] = ()
    if (run / "plan.json").is_file():
        planned = json.loads((run / "plan.json").read_text(encoding="utf-8"))
        plan = tuple(PlanEntry(**{**entry, "does": tuple(entry.get("does", ()))}) for entry in planned)
    document = json.loads(scrub(json.dumps(verdict_json(verdict))))
    try:
        shown = str(run.relative_to(Path.cwd()))
    except ValueError:
        shown = str(run)
    return Report(
        verdict=document,
        results=tuple(results),
        cards=cards,
        evidence=summaries,
        title=environment.title or environment.name,
        tier=environment.tier.value,
        name=environment.name,
        plan=plan,
        folder=shown,
        makers=(
            policies(host_policies(environment, records, results, cards)),
            kept(inventories(environment, records)),
            to_look_at(undecided(environment, records)),
            measurements,
        ),
    )
