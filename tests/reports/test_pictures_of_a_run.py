"""What broke is seen in the page: the element that violates a rule, the page where a journey ended, and its trace."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from judging import judge
from main_job import ROOT
from report_samples import report

from gonogo.demo.provider import Demo
from gonogo.evidence.records import Evidence
from gonogo.reports.html import html
from gonogo.result import Outcome, Result, Severity
from gonogo.run import target as runs
from gonogo.run.report import summarise

pytestmark = pytest.mark.wait


@pytest.mark.slow
def test_broken_elements_and_failed_journeys_are_shown_and_linked(demo: Demo, tmp_path: Path) -> None:
    checks = ["accessibility.axe.critical-and-serious", "journeys.steps.complete"]
    demo.inject(["text-pale", "dashboard-blank"])
    try:
        judged = judge("demo", demo.variables, checks=checks, folder=tmp_path)
    finally:
        demo.inject([])
    assert judged.checks(Outcome.FAIL) == set(checks), judged.told()
    environment = runs.target("demo", folder=ROOT / "environments", variables=demo.variables, decides=False).environment
    folder = tmp_path / "evidence"
    records = [Evidence.from_json(json.loads(one.read_text())) for one in sorted(folder.glob("browser-*.json"))]
    shown = [summarise(one, environment, folder) for one in records]
    told = {file.said: file for one in shown for file in one.attached}
    assert {"color-contrast, as loaded", "The page where the journey ended"} <= set(told)
    assert told["color-contrast, as loaded"].image.startswith(b"\x89PNG")
    assert told["The browser's trace, for `playwright show-trace`"].name.endswith(".trace.zip")
    result = Result(checks[0], "/", Outcome.FAIL, Severity.HIGH, (), tuple(one.id for one in shown))
    page = html(report([result], summaries=shown))
    linked = re.findall(r'href="(evidence/[^"]+)"', page)
    assert {f"evidence/{file.name}" for file in told.values()} <= set(linked)
    assert all((tmp_path / one).is_file() for one in linked)
