"""junit.xml: what Jenkins, GitLab, Azure and GitHub actions read."""

from __future__ import annotations

import re
from datetime import datetime
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from report_samples import ANY_WORDS, HOSTILE, Words, all_passed, every_outcome, many, report

from gonogo.reports.junit import junit
from gonogo.result import Finding, Outcome, Result, Severity


def cases(root: ET.Element, suite: str) -> dict[str, ET.Element]:
    found = next(one for one in root if one.get("name") == suite)
    named = {f"{case.get('classname')}.{case.get('name')}": case for case in found.iter("testcase")}
    assert len(named) == int(found.get("tests", "-1"))
    return named


def state(case: ET.Element) -> str:
    return next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed")


@settings(max_examples=60, deadline=None)
@given(ANY_WORDS)
def test_any_text_of_a_target_gives_well_formed_xml_with_the_same_cases(words: Words) -> None:
    text = junit(every_outcome(words))
    root = ET.fromstring(text.encode())
    usual = ET.fromstring(junit(every_outcome()))
    assert [one.tag for one in root.iter()] == [one.tag for one in usual.iter()]


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_every_character_is_legal_in_xml(text: str) -> None:
    out = junit(every_outcome(Words(subject=text, message=text, seen=text)))
    assert not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", out)


def test_each_outcome_has_the_element_that_a_ci_understands() -> None:
    root = ET.fromstring(junit(every_outcome()))
    found = {name: state(case) for name, case in cases(root, "gonogo").items()}
    assert found == {
        "availability.health.shallow": "passed",
        "availability.metrics.readable[/pricing]": "error",
        "database.role.read-only[/pricing]": "error",
        "delivery.assets.immutable[/pricing]": "passed",
        "security.csp.present[/pricing]": "failure",
        "security.hsts.max-age[/pricing]": "failure",
        "security.server.version-hidden[/pricing]": "skipped",
        "tls.certificate.trust[/pricing]": "skipped",
    }


def test_a_failure_holds_all_findings_and_a_skip_its_reason() -> None:
    named = cases(ET.fromstring(junit(every_outcome())), "gonogo")
    failure = named["security.hsts.max-age[/pricing]"].find("failure")
    assert failure is not None
    assert failure.get("message") == "/pricing: max-age is 60, wanted at least 31536000. (and 1 more)"
    assert (failure.text or "").count("  seen:   60\n  wanted: at least 31536000") == 2
    waived = named["security.server.version-hidden[/pricing]"].find("skipped")
    assert waived is not None
    assert waived.get("message") == (
        "waived: The proxy is replaced on Thursday (ops@acme.test, until 2026-12-11 02:57:16 UTC)"
    )
    absent = named["tls.certificate.trust[/pricing]"].find("skipped")
    assert absent is not None
    assert absent.get("message") == "because timeout: no answer within 10 s"


def test_a_case_and_its_suite_carry_their_properties() -> None:
    root = ET.fromstring(junit(every_outcome()))
    suite = root[0]
    said = {one.get("name"): one.get("value") for one in suite.findall("properties/property")}
    assert said["environment"] == "demo"
    assert said["release"] == "2026.11.3"
    assert said["verdict"] == "NO_GO"
    assert {"run_id", "profile", "policy_digest"} <= said.keys()
    case = cases(root, "gonogo")["security.hsts.max-age[/pricing]"]
    properties = {one.get("name"): one.get("value") for one in case.findall("properties/property")}
    assert properties == {
        "check_id": "security.hsts.max-age",
        "severity": "high",
        "title": "HSTS lasts at least a year",
    }
    assert datetime.fromisoformat(suite.get("timestamp", "")).utcoffset() is not None


def test_the_numbers_of_suites_add_up() -> None:
    root = ET.fromstring(junit(every_outcome()))
    for suite in root:
        states = [state(case) for case in suite.iter("testcase")]
        said = [int(suite.get(key, "-1")) for key in ("tests", "failures", "errors", "skipped")]
        assert said == [len(states), *(states.count(one) for one in ("failure", "error", "skipped"))]
    assert int(root.get("tests", "0")) == sum(int(suite.get("tests", "0")) for suite in root)


def test_the_gate_has_a_suite_with_a_case_a_reason() -> None:
    gate = cases(ET.fromstring(junit(every_outcome())), "gonogo.gate")
    assert state(gate["gonogo.gate.verdict"]) == "failure"
    assert state(gate["gonogo.gate.fail.security.hsts.max-age [/pricing]"]) == "failure"
    assert state(gate["gonogo.gate.unknown.database.role.read-only [/pricing]"]) == "error"
    assert state(gate["gonogo.gate.waived.security.server.version-hidden [/pricing]"]) == "passed"
    went = cases(ET.fromstring(junit(all_passed())), "gonogo.gate")
    assert {name: state(case) for name, case in went.items()} == {"gonogo.gate.verdict": "passed"}


def test_equal_names_are_told_apart() -> None:
    failed = Result("a.b.c", "x" * 900 + "1", Outcome.FAIL, Severity.LOW, (Finding.of("x", seen=1, wanted=2),))
    twin = Result("a.b.c", "x" * 900 + "2", Outcome.PASS, Severity.LOW)
    root = ET.fromstring(junit(report([failed, twin, failed])))
    assert len(cases(root, "gonogo")) == 4


def test_a_run_without_results_is_an_error_and_not_an_empty_file() -> None:
    empty = report([])
    text = junit(type(empty)(empty.verdict, (), {}, {}, "", "demo", "demo"))
    assert {name: state(case) for name, case in cases(ET.fromstring(text), "gonogo").items()} == {
        "gonogo.evidence": "error"
    }


def test_a_pass_is_one_line_and_what_did_not_pass_says_more() -> None:
    text = junit(every_outcome())
    assert '\n<testcase classname="delivery.assets" name="immutable[/pricing]" time="3.500"/>\n' in text
    named = cases(ET.fromstring(text), "gonogo")
    assert {name for name, case in named.items() if case.find("properties") is not None} == {
        name for name, case in named.items() if state(case) != "passed"
    }


def test_every_result_is_a_case_however_many_there_are() -> None:
    text = junit(many(10_000))
    assert len(cases(ET.fromstring(text), "gonogo")) == 10_001
    assert len(text) < 2_500_000  # a tenth failed, with 200 characters of what was seen
