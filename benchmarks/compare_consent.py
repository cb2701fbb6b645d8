"""Whether consent flows are driven right, and what that takes: `python benchmarks/compare_consent.py [--runs N] [--steps]`.

The pages are those of the tests: consent managers from npm, each obeying and violating (tests/probes/test_consent_managers.py),
and pages of our own with the banner in the document, in a shadow root, in a frame, and in six languages
(tests/probes/test_consent.py). Each is visited RUNS times with the default settings of [consent]: six visits, side by side as
in a run, judged by every check of the consent flow. The browser is started before.

Right is what the page itself shows, which is known: it sets a cookie when its visitor accepts and removes it when not.
Prints a Markdown table; with --steps also the median time of each step of the visits. Exit status 1 when a run was wrong or
the median over the pages is above WANTED_S, 2 when npm does not give the packages.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from weakref import WeakKeyDictionary

import pytest
from tools import ends, need

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "probes"))

from browsing import Probe, Server, probing, serving
from consent_pages import FRAME, LANGUAGES, Judged, judge, page
from test_consent import PAGES
from test_consent_managers import CASES, PACKAGES, explained, fetch, judged_page, publish

from gonogo.environment.sections.consent import Consent
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser import walk
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.request import Step

RUNS = 5
WANTED_S = 6.0
SETTLE_S = Consent().settle_s
ALLOWED = "_px"
"""The cookie that the pages set when their visitor accepts."""
LATER = ("chosen", "reloaded", "other page", "restarted")
NOT_OBEYED = "consent.choice.reject-obeyed"
Steps = dict[tuple[str, str], list[float]]


@dataclass(frozen=True)
class Subject:
    """One page, and what is true of it."""

    name: str
    judged: Callable[[Probe, Server], Judged]
    fails: frozenset[str]
    may: frozenset[str] = frozenset()
    """Findings about its looks, which depend on the fonts of the machine."""


@dataclass
class Seen:
    """What the runs of a page told."""

    seconds: list[float] = field(default_factory=list)
    accepted: int = 0
    rejected: int = 0
    persisted: int = 0
    withdrawn: int = 0
    judged: int = 0
    findings: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def _own(name: str) -> Callable[[Probe, Server], Judged]:
    def judged(probe: Probe, server: Server) -> Judged:
        page(server, f"/own-{name}", PAGES[name], lang=name if name in LANGUAGES else "en")
        return judge(probe, f"/own-{name}", settle_s=SETTLE_S)

    return judged


def _manager(name: str) -> Callable[[Probe, Server], Judged]:
    return lambda probe, server: judged_page(probe, server, name, settle_s=SETTLE_S)


def subjects() -> list[Subject]:
    managers = [Subject(name, _manager(name), case.fails, case.may) for name, case in CASES.items()]
    return managers + [Subject(f"own: {name}", _own(name), frozenset()) for name in PAGES]


def _pressed(visit: Visit, *choices: str) -> bool:
    return [one.choice for one in visit.choices] == list(choices) and not any(
        problem.startswith("consent") for problem in visit.problems
    )


def _allowed(visit: Visit, label: str) -> bool:
    snapshot = visit.snapshot(label)
    return snapshot is not None and any(cookie.name == ALLOWED for cookie in snapshot.cookies)


def _gone(visit: Visit, label: str) -> bool:
    snapshot = visit.snapshot(label)
    return snapshot is not None and not snapshot.banner.visible


def add(seen: Seen, subject: Subject, judged: Judged) -> None:
    """Hold one run against what is true of the page."""
    reject, accept, withdraw = judged.flow.reject, judged.flow.accept, judged.flow.withdraw
    violates = NOT_OBEYED in subject.fails
    right = {
        "accepted": _pressed(accept, "accept")
        and _gone(accept, "chosen")
        and all(_allowed(accept, one) for one in LATER),
        "rejected": _pressed(reject, "reject")
        and _gone(reject, "chosen")
        and all(_allowed(reject, one) == violates for one in LATER),
        "withdrawn": _pressed(withdraw, "accept", "reject")
        and _allowed(withdraw, "given")
        and _allowed(withdraw, "after withdrawal") == violates,
        "persisted": all(_gone(visit, one) for visit in (reject, accept) for one in LATER[1:]),
        "judged": subject.fails <= set(judged.failed) <= subject.fails | subject.may
        and set(judged.unknown) <= explained(subject.fails),
    }
    for name, good in right.items():
        setattr(seen, name, getattr(seen, name) + good)
    seen.seconds.append(judged.seconds)
    seen.findings |= set(judged.failed)
    if not all(right.values()):
        bad = [name for name, good in right.items() if not good]
        problems = [problem for _, visit in judged.flow.visits for problem in visit.problems]
        seen.wrong.append(
            f"{subject.name}, run {len(seen.seconds)}: not {', '.join(bad)}: failed {judged.failed}, "
            f"unknown {judged.unknown}, problems {problems}"
        )


@contextmanager
def clocked(steps: Steps) -> Iterator[None]:
    """Take the time of each step of each visit, by what the visit and the step are called."""
    plain = walk._Walk._walk
    places: WeakKeyDictionary[walk._Walk, int] = WeakKeyDictionary()

    async def timed(self: walk._Walk, step: Step, evidence_id: str) -> None:
        places[self] = places.get(self, 0) + 1
        began = time.perf_counter()
        await plain(self, step, evidence_id)
        value = "" if step.action in {"goto", "policy"} else f" {step.value}"
        called = f"{places[self]:02} {step.action}{value}"
        steps.setdefault((self._request.name, called), []).append(time.perf_counter() - began)

    walk._Walk._walk = timed  # type: ignore[method-assign]
    try:
        yield
    finally:
        walk._Walk._walk = plain  # type: ignore[method-assign]


def row(subject: Subject, seen: Seen) -> str:
    runs, took = len(seen.seconds), seen.seconds
    told = ", ".join(f"`{one.removeprefix('consent.')}`" for one in sorted(seen.findings)) or "none"
    right = " | ".join(
        f"{good} of {runs}" for good in (seen.accepted, seen.rejected, seen.persisted, seen.withdrawn, seen.judged)
    )
    return f"| {subject.name} | {median(took):.1f} ({min(took):.1f}–{max(took):.1f}) | {right} | {told} |"


def measure(probe: Probe, server: Server, runs: int, chosen: list[Subject]) -> list[Seen]:
    print(
        "| page | seconds | accepted right | rejected right | choice kept | withdrawn right | verdicts right | findings |"
    )
    print("|---|---|---|---|---|---|---|---|")
    found = []
    for subject in chosen:
        seen = Seen()
        for _ in range(runs):
            try:
                add(seen, subject, subject.judged(probe, server))
            except* EvidenceMissing as missing:
                seen.wrong.append(f"{subject.name}: no evidence: {', '.join(map(str, missing.exceptions))}")
        found.append(seen)
        print(row(subject, seen), flush=True)
    return found


def table(steps: Steps) -> None:
    print("\n| visit | step | seconds |\n|---|---|---|")
    whole: dict[str, float] = {}
    for (visit, step), seconds in sorted(steps.items()):
        whole[visit] = whole.get(visit, 0.0) + median(seconds)
        print(f"| {visit.removeprefix('consent ')} | {step} | {median(seconds):.2f} |")
    for visit, total in whole.items():
        print(f"| {visit.removeprefix('consent ')} | all | {total:.2f} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=RUNS, help=f"how often each page is visited (default {RUNS})")
    parser.add_argument("--only", default="", help="pages whose name holds this text")
    parser.add_argument("--steps", action="store_true", help="also tell what the steps of the visits take")
    asked = parser.parse_args()
    chosen = [one for one in subjects() if asked.only in one.name]
    if not chosen or asked.runs < 1:
        parser.error("nothing to measure")
    need("npm")
    try:
        packages = {name: fetch(name, version) for name, version in PACKAGES.items()}
    except (pytest.skip.Exception, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    steps: Steps = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Server()) as server,
        probing(server, Path(folder)) as probe,
    ):
        server.page("/policy", "<title>Privacy policy</title><p>Privacy policy: what we keep, and why.")
        server.page("/cmp-frame", FRAME)
        publish(server, packages)
        judged_page(probe, server, "klaro")  # starts the browser
        with clocked(steps):
            found = measure(probe, server, asked.runs, chosen)
    overall = median(median(seen.seconds) for seen in found)
    wrong = [line for seen in found for line in seen.wrong]
    print(
        f"\nMedian over {len(chosen)} pages: {overall:.1f} s (wanted <= {WANTED_S:.0f}); runs that were wrong: {len(wrong)} of "
        f"{asked.runs * len(chosen)}. settle_s = {SETTLE_S:g}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}."
    )
    print("".join(f"\n{line}" for line in wrong))
    if asked.steps:
        table(steps)
    return 1 if wrong or overall > WANTED_S else 0


if __name__ == "__main__":
    ends(main)
