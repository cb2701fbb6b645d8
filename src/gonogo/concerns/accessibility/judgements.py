"""Judgements that several accessibility checks share; pure.

They say what a machine found. About a third of WCAG can be found so, hence no text here calls a page accessible.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gonogo.environment.sections.accessibility import KnownViolation
from gonogo.probes.browser.accessibility import AxeNode, AxeRule, AxeRun
from gonogo.result import Finding

MOST_TOLD = 3
"""Elements that a finding names; the evidence holds more."""
GRAVE = frozenset({"critical", "serious"})
_CRITERION = re.compile(r"wcag(\d)(\d)(\d+)")


def fingerprint(rule: str, node: AxeNode) -> str:
    """Names a violation, whatever page and state it is seen in: the rule, and where the element stands."""
    return hashlib.sha256(f"{rule}\0{node.key}".encode()).hexdigest()[:12]


def criteria(rule: AxeRule) -> str:
    """`WCAG 1.4.3`; empty where the rule names no criterion."""
    found = [".".join(match.groups()) for tag in rule.tags if (match := _CRITERION.fullmatch(tag))]
    return f"WCAG {', '.join(found)}" if found else ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The violations that an environment knows of, as they count on one day."""

    known: tuple[KnownViolation, ...]
    today: str
    """ISO 8601."""

    def entry(self, page: str, rule: str, node: AxeNode) -> KnownViolation | None:
        """The entry for a violation, expired or not."""
        name = fingerprint(rule, node)
        fitting = [one for one in self.known if one.fingerprint == name and one.page in {None, page}]
        return max(fitting, key=lambda one: one.until, default=None)

    def covers(self, page: str, rule: str, node: AxeNode) -> bool:
        entry = self.entry(page, rule, node)
        return entry is not None and self.today <= entry.until


@dataclass(slots=True)
class _Broken:
    """One rule on one page, over all states."""

    rule: AxeRule
    nodes: dict[str, AxeNode]
    states: dict[str, None]
    untold: int = 0
    """Elements beyond those that the evidence holds."""


def violations(
    page: str, runs: Iterable[AxeRun], baseline: Baseline, *, grave: bool | None = None, but: Sequence[AxeRun] = ()
) -> list[Finding]:
    """One finding for each rule that a page breaks in any of these states, without what the baseline covers.

    `grave`: only rules of critical and serious impact, or only the others. `but`: what these runs found is left out.
    """
    elsewhere = {(rule.id, node.key) for run in but for rule in run.violations for node in rule.nodes}
    broken: dict[str, _Broken] = {}
    for run in runs:
        for rule in run.violations:
            if grave is not None and (rule.impact in GRAVE) is not grave:
                continue
            nodes = {
                node.key: node
                for node in rule.nodes
                if not baseline.covers(page, rule.id, node) and (rule.id, node.key) not in elsewhere
            }
            untold = rule.count - len(rule.nodes)
            if nodes or untold:
                one = broken.setdefault(rule.id, _Broken(rule, {}, {}))
                one.nodes.update(nodes)
                one.states[run.label] = None
                one.untold = max(one.untold, untold)
    return [_finding(page, one, baseline) for one in broken.values()]


def _finding(page: str, broken: _Broken, baseline: Baseline) -> Finding:
    rule, nodes = broken.rule, list(broken.nodes.values())
    told = "; ".join(_told(page, rule.id, node, baseline) for node in nodes[:MOST_TOLD])
    more = len(nodes) - MOST_TOLD if len(nodes) > MOST_TOLD else 0
    more += broken.untold
    source = ", ".join(part for part in (rule.impact, criteria(rule)) if part)
    fix = _plain(nodes[0].fix) if nodes else ""
    return Finding.of(
        f"{page} ({', '.join(broken.states)})",
        seen=f"{rule.id} ({source}): {told}" + (f"; and {more} more" if more else "") + (f". {fix}" if fix else ""),
        wanted=f'"{rule.help}"',
    )


def _told(page: str, rule: str, node: AxeNode, baseline: Baseline) -> str:
    entry = baseline.entry(page, rule, node)
    expired = f", known until {entry.until}" if entry is not None else ""
    return f"{node.target[:200]} [{fingerprint(rule, node)}{expired}] {node.html[:100]}"


def _plain(words: str) -> str:
    """axe-core's failure summary on one line, without a full stop of its own at the end."""
    return " ".join(words.split())[:300].rstrip(".")


def needless(entry: KnownViolation, pages: Iterable[tuple[str, Sequence[AxeRun]]]) -> bool:
    """No page shows the violation any more."""
    return not any(
        entry.fingerprint == fingerprint(rule.id, node) and entry.page in {None, page}
        for page, runs in pages
        for run in runs
        for rule in run.violations
        for node in rule.nodes
    )
