"""Judges measured numbers against the policy's budgets: absolute limits, and regressions against GO runs.

A regression must be seen three times over: beyond the relative limit, beyond the floor, and beyond the noise
of the baseline (modified z-score over the median absolute deviation: Iglewicz and Hoaglin 1993).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import median

from gonogo.gate.items import Item
from gonogo.gate.model import (
    BUDGET_PREFIX,
    MAIN_SUITE,
    Budget,
    Intent,
    PastRun,
    Policy,
    Reason,
    Shard,
)
from gonogo.result import Decision, Finding, Outcome

# The authors propose 3.5; a false alarm stops a release, and 4 gave at most 0.3 % of them on 8 % noise.
MAX_Z = 4.0
# 0.6745 makes the median absolute deviation of normal noise comparable with its standard deviation.
MAD_SCALE = 0.6745


def judge(shards: Sequence[Shard], policy: Policy, history: Sequence[PastRun]) -> tuple[list[Item], list[Reason]]:
    """An item for each budget, and what could not be compared."""
    items: list[Item] = []
    reasons: list[Reason] = []
    intents = [shard.intent for shard in shards if shard.intent is not None]
    subject = min((intent.environment for intent in intents), default="")
    for budget in policy.budgets:
        seen = [
            value for shard in shards if shard.receipt for name, value in shard.receipt.metrics if name == budget.metric
        ]
        outcome, findings, why = Outcome.PASS, [], ""
        if not seen or not all(math.isfinite(value) for value in seen):
            outcome, why = (
                Outcome.MISSING,
                "the run did not measure it" if not seen else "the number is not finite",
            )
        else:
            value = max(seen) if budget.op == "<=" else min(seen)
            findings = [*_absolute(budget, value, subject)]
            past = _baseline(budget, intents, history)
            if budget.relative is not None and len(past) < budget.min_runs:
                reasons.append(_no_baseline(budget, subject, len(past)))
            elif budget.relative is not None:
                findings += _relative(budget, budget.relative, value, past, subject)
            outcome = Outcome.FAIL if findings else Outcome.PASS
        items.append(
            Item(
                MAIN_SUITE,
                "",
                f"{BUDGET_PREFIX}{budget.metric}",
                subject,
                budget.severity,
                frozenset({outcome}),
                findings=tuple(findings),
                reasons=(why,) if why else (),
                announced=True,
            )
        )
    return items, reasons


def _absolute(budget: Budget, value: float, subject: str) -> Iterator[Finding]:
    if budget.value is None:
        return
    if value > budget.value if budget.op == "<=" else value < budget.value:
        wanted = f"{'at most' if budget.op == '<=' else 'at least'} {budget.value:g}"
        yield Finding.of(subject, what=budget.metric, seen=f"{value:g}", wanted=wanted)


def _relative(budget: Budget, relative: float, value: float, past: Sequence[float], subject: str) -> Iterator[Finding]:
    middle = median(past)
    worse = value - middle if budget.op == "<=" else middle - value
    deviation = median([abs(one - middle) for one in past])
    if worse <= relative * abs(middle) or worse <= budget.floor:
        return
    # A baseline without any noise makes every change a signal; relative limit and floor have spoken already.
    if deviation == 0 or MAD_SCALE * worse / deviation > MAX_Z:
        side = "above" if budget.op == "<=" else "below"
        wanted = f"at most {relative:.0%} {side} {middle:g}, the median of {len(past)} runs"
        yield Finding.of(subject, what=budget.metric, seen=f"{value:g}", wanted=wanted)


def _baseline(budget: Budget, intents: Sequence[Intent], history: Sequence[PastRun]) -> list[float]:
    """The metric in the last GO runs of the same environment, region and profile, begun before this one."""
    if not intents:
        return []
    own = {intent.run_id for intent in intents}
    series = {(intent.environment, intent.region, intent.profile) for intent in intents}
    began: datetime = min(intent.started for intent in intents)
    runs: dict[str, tuple[datetime, float]] = {}
    for run in history:
        value = run.metrics.get(budget.metric)
        alike = (run.environment, run.region, run.profile) in series and run.run_id not in own
        if value is not None and math.isfinite(value) and alike and run.decision is Decision.GO and run.started < began:
            runs[run.run_id] = max(runs.get(run.run_id, (run.started, value)), (run.started, value))
    newest = sorted(runs.values(), reverse=True)[: budget.runs]
    return [value for _, value in newest]


def _no_baseline(budget: Budget, subject: str, runs: int) -> Reason:
    check = f"{BUDGET_PREFIX}{budget.metric}"
    missing = f"{budget.metric} has {runs} GO runs to compare with and needs {budget.min_runs}"
    if budget.value is None:
        message = f"{missing}; its budget has no absolute value that could decide instead. Give `value`."
        return Reason("no-baseline", check, subject, Outcome.UNKNOWN, budget.severity, message, Decision.HOLD)
    message = f"{missing}; only its absolute budget was judged."
    return Reason("no-baseline", check, subject, None, budget.severity, message, Decision.GO)
