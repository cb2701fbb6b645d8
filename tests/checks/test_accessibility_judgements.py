"""What the accessibility checks say of what a visit saw; the visits themselves are in tests/probes/test_axe.py."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.accessibility import test_axe, test_baseline, test_keyboard, test_motion, test_reflow, test_states
from gonogo import Shortfall
from gonogo.check import card_of
from gonogo.concerns import FIXTURES
from gonogo.concerns.accessibility.fixtures import accessibility_visit
from gonogo.concerns.accessibility.judgements import fingerprint
from gonogo.concerns.fixture import Asked
from gonogo.environment import models
from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.evidence.codec import from_json, to_json
from gonogo.evidence.records import Evidence, Request, canonical, identity
from gonogo.probes.browser.accessibility import (
    Accessibility,
    Animation,
    AxeNode,
    AxeRule,
    AxeRun,
    KeyboardPath,
    Motion,
    Reflow,
    TabStop,
    WideElement,
)
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.summary import accessibility_lines

FILES = (test_axe, test_baseline, test_keyboard, test_motion, test_reflow, test_states)
CHECKS = {
    card.id.removeprefix("accessibility."): (function, next(iter(function.__annotations__)))
    for file in FILES
    for function in vars(file).values()
    if (card := card_of(function)) is not None
}
for _file in FILES:
    _file.__test__ = False  # type: ignore[attr-defined]

NODE = AxeNode(
    "main > img", '<img src="a.png">', "Fix any of the following:\n  Element has no alt attribute", "#content > img"
)
IMAGE = AxeRule("image-alt", "critical", ("wcag2a", "wcag111"), "Images must have text", "https://a.test", 1, (NODE,))
ROLE = replace(IMAGE, id="aria-deprecated-role", impact="minor", tags=("wcag2a", "wcag412"), help="No old roles")
UNSURE = replace(IMAGE, id="color-contrast", impact="serious")
LINK = TabStop("main > a", "Plans", "outline")
WAY = KeyboardPath("#go", found=True, reached=2, presses=4, stops=(LINK,), trap="", operated=None)
REFUSED = replace(WAY, target="reject", operated=True)
REFLOW = Reflow("as loaded", 320, 320, ())
STILL = Motion("reduced motion", honoured=True, animations=())
ENVIRONMENT: dict[str, Any] = {
    "name": "t",
    "tier": "staging",
    "site": {"url": "https://www.acme.test", "pages": [{"path": "/"}]},
    "consent": {"page": "/"},
    "accessibility": {"main_action": "#go", "states": [{"name": "menu", "clicks": ["#menu"], "shows": "#items"}]},
}


def run(label: str, *violations: AxeRule, incomplete: tuple[AxeRule, ...] = (), unseen: tuple[str, ...] = ()) -> AxeRun:
    return AxeRun(label, "https://www.acme.test/", "4.14.1", (1350, 940), violations, incomplete, 20, 1, unseen)


HEALTHY = Accessibility(
    axe=(run("as loaded"), run("banner closed"), run("state: menu")),
    paths=(REFUSED, WAY),
    reflows=(REFLOW, replace(REFLOW, label="banner closed")),
    motions=(STILL,),
)


@dataclass
class Source:
    """Answers each visit with the same facts."""

    seen: Accessibility | None
    problems: tuple[str, ...] = ()
    started: str = "2026-11-21T08:00:00+00:00"
    asked: list[Request] = field(default_factory=list)

    def evidence(self, request: Request) -> Evidence:
        self.asked.append(request)
        visit = Visit(
            "chromium 1", "desktop", (1350, 940), (), (), (), (), None, "", self.problems, accessibility=self.seen
        )
        return Evidence(identity(request), canonical(request), self.started, self.started, "t", facts=to_json(visit))


def environment(known: list[dict[str, Any]] | None = None, **sections: Any) -> Environment:
    fields = {**ENVIRONMENT, **sections}
    if known is not None:
        fields["accessibility"] = {**ENVIRONMENT["accessibility"], "known": known}
    return Environment.model_validate(fields)


def verdict(seen: Accessibility | None, declared: Environment | None = None, **told: Any) -> dict[str, str]:
    """What is not a pass: each check with FAIL and its findings, or UNKNOWN and its reason."""
    declared = declared or environment()
    said = {}
    for name, (function, fixture) in CHECKS.items():
        for subject in FIXTURES[fixture].subjects(declared):
            try:
                function(FIXTURES[fixture].build(Asked(declared, subject, Source(seen, **told))))
            except Shortfall as shortfall:
                said[name] = "FAIL " + " ".join(finding.message for finding in shortfall.findings)
            except EvidenceMissing as missing:
                said[name] = f"UNKNOWN {missing.message}"
    return said


def with_runs(*runs: AxeRun) -> Accessibility:
    """The healthy page with these runs in place of those with the same label."""
    labels = {one.label for one in runs}
    return replace(HEALTHY, axe=(*runs, *(one for one in HEALTHY.axe if one.label not in labels)))


def with_path(path: KeyboardPath) -> Accessibility:
    return replace(HEALTHY, paths=tuple(path if one.target == path.target else one for one in HEALTHY.paths))


KNOWN = {"fingerprint": fingerprint("image-alt", NODE), "reason": "mended in December", "until": "2026-12-31"}


def test_a_healthy_page_has_no_finding() -> None:
    assert verdict(HEALTHY) == {}
    assert verdict(with_runs(run("as loaded", incomplete=(UNSURE,)))) == {}


@pytest.mark.parametrize(
    ("seen", "failing", "told"),
    [
        (with_runs(run("as loaded", IMAGE)), "axe.critical-and-serious", ("/ (as loaded)", "image-alt (critical, WCAG 1.1.1)")),
        (with_runs(run("banner closed", IMAGE)), "axe.critical-and-serious", ("/ (banner closed)", KNOWN["fingerprint"])),
        (
            with_runs(run("as loaded", IMAGE), run("banner closed", IMAGE), run("state: menu", IMAGE)),
            "axe.critical-and-serious",
            ("/ (as loaded, banner closed): image-alt", "main > img", '<img src="a.png">', "Element has no alt attribute"),
        ),
        (with_runs(run("as loaded", ROLE)), "axe.moderate-and-minor", ("aria-deprecated-role (minor, WCAG 4.1.2)",)),
        (with_runs(run("as loaded", replace(ROLE, impact=""))), "axe.moderate-and-minor", ("(WCAG 4.1.2)",)),
        (with_runs(run("as loaded", replace(IMAGE, count=300))), "axe.critical-and-serious", ("and 299 more",)),
        (with_runs(run("state: menu", IMAGE)), "states.violations", ("/ (state: menu)", "image-alt")),
        (with_runs(run("state: menu", ROLE)), "states.violations", ("aria-deprecated-role",)),
        (
            replace(HEALTHY, reflows=(replace(REFLOW, content_px=323, widest=(WideElement("main > pre", 323.0),)), REFLOW)),
            "reflow.width",
            ("/ (as loaded)", "323 px: main > pre (323 px)"),
        ),
        (with_path(replace(WAY, reached=0, presses=40)), "keyboard.main-action", ("#go was not reached in 40 presses",)),
        (with_path(replace(REFUSED, reached=0, operated=None)), "keyboard.reject", ("reject was not reached",)),
        (with_path(replace(REFUSED, operated=False)), "keyboard.reject", ("stayed after Enter",)),
        (with_path(replace(WAY, trap="div#chat")), "keyboard.trap", ("does not lead away from div#chat",)),
        (with_path(replace(WAY, stops=(LINK, replace(LINK, indicator="")))), "keyboard.focus-visible", ("main > a 'Plans'",)),
        (
            replace(HEALTHY, motions=(replace(STILL, animations=(Animation("svg", ("rotate",), -1.0),)),)),
            "motion.reduced",
            ("svg moves (rotate) for ever",),
        ),
        (
            replace(HEALTHY, motions=(replace(STILL, animations=(Animation("svg", ("top",), 900.0),)),)),
            "motion.reduced",
            ("for 900 ms",),
        ),
    ],
)  # fmt: skip
def test_a_fault_trips_one_check(seen: Accessibility, failing: str, told: tuple[str, ...]) -> None:
    said = verdict(seen)
    assert set(said) == {failing}
    assert said[failing].startswith("FAIL ")
    assert all(words in said[failing] for words in told), said


@pytest.mark.parametrize(
    ("seen", "told", "unknown"),
    [
        (None, {}, {"axe.critical-and-serious", "axe.moderate-and-minor", "states.violations", "reflow.width", "motion.reduced",
                    "keyboard.main-action", "keyboard.reject", "keyboard.trap", "keyboard.focus-visible"}),
        (with_runs(run("as loaded", unseen=("https://a.test/: no script runs in it",))), {}, {"axe.critical-and-serious", "axe.moderate-and-minor"}),
        (with_runs(run("state: menu", unseen=("https://a.test/: gone",))), {}, {"states.violations"}),
        (HEALTHY, {"problems": ("click #menu: not done after 10 s",)}, {"states.violations"}),
        (HEALTHY, {"problems": ("shown #items: Timeout",)}, {"states.violations"}),
        (HEALTHY, {"problems": ("consent reject: the banner stayed",)}, {"axe.critical-and-serious", "axe.moderate-and-minor", "states.violations", "reflow.width", "motion.reduced"}),
        (replace(HEALTHY, motions=()), {}, {"motion.reduced"}),
        (replace(HEALTHY, reflows=(REFLOW,)), {}, {"reflow.width"}),
        (replace(HEALTHY, paths=(WAY,)), {}, {"keyboard.reject", "keyboard.focus-visible"}),
        (with_path(replace(REFUSED, found=False, reached=0, operated=None)), {}, {"keyboard.reject"}),
        (with_path(replace(WAY, stops=())), {}, {"keyboard.focus-visible"}),
        (with_path(replace(WAY, stops=(LINK, replace(LINK, indicator="unknown")))), {}, {"keyboard.focus-visible"}),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_unknown(seen: Accessibility | None, told: dict[str, Any], unknown: set[str]) -> None:
    said = verdict(seen, **told)
    assert set(said) == unknown
    assert all(words.startswith("UNKNOWN ") for words in said.values()), said


def test_a_violation_is_told_although_a_frame_was_not_seen() -> None:
    said = verdict(with_runs(run("as loaded", IMAGE, unseen=("https://a.test/: gone",))))
    assert said["axe.critical-and-serious"].startswith("FAIL ")
    assert said["axe.moderate-and-minor"].startswith("UNKNOWN ")


# --- known violations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "failing"),
    [
        ({}, set()),
        ({"page": "/"}, set()),
        ({"until": "2026-11-21"}, set()),
        ({"until": "2026-11-20"}, {"axe.critical-and-serious"}),
        ({"page": "/other"}, {"axe.critical-and-serious", "baseline.current"}),
        ({"fingerprint": "0123456789ab"}, {"axe.critical-and-serious", "baseline.current"}),
    ],
)
def test_a_known_violation_is_no_finding_until_its_day(entry: dict[str, str], failing: set[str]) -> None:
    said = verdict(with_runs(run("as loaded", IMAGE)), environment([KNOWN | entry]))
    assert set(said) == failing
    if entry.get("until") == "2026-11-20":
        assert "known until 2026-11-20" in said["axe.critical-and-serious"]


def test_an_entry_covers_its_element_only() -> None:
    other = replace(NODE, target="main > img:nth-child(2)", place="#content > img:nth-of-type(2)")
    said = verdict(with_runs(run("as loaded", replace(IMAGE, count=2, nodes=(NODE, other)))), environment([KNOWN]))
    assert set(said) == {"axe.critical-and-serious"}
    assert "main > img:nth-child(2) [" in said["axe.critical-and-serious"]
    assert KNOWN["fingerprint"] not in said["axe.critical-and-serious"]


def test_elements_beyond_those_recorded_are_never_covered() -> None:
    said = verdict(with_runs(run("as loaded", replace(IMAGE, count=101))), environment([KNOWN]))
    assert set(said) == {"axe.critical-and-serious"}


def test_an_entry_counts_in_declared_states_too() -> None:
    assert verdict(with_runs(run("state: menu", IMAGE)), environment([KNOWN])) == {}


def test_a_mended_violation_needs_no_entry() -> None:
    said = verdict(HEALTHY, environment([KNOWN]))
    assert set(said) == {"baseline.current"}
    assert KNOWN["fingerprint"] in said["baseline.current"]


def test_an_entry_is_needless_only_where_everything_was_seen() -> None:
    seen = replace(HEALTHY, axe=HEALTHY.axe[:2])
    assert verdict(seen, environment([KNOWN]))["baseline.current"].startswith("UNKNOWN ")


def test_a_fingerprint_names_rule_and_place() -> None:
    moved = replace(NODE, target="img", html="<img>", fix="")
    assert fingerprint("image-alt", NODE) == fingerprint("image-alt", moved)
    assert fingerprint("image-alt", NODE) != fingerprint("link-name", NODE)
    assert fingerprint("image-alt", replace(NODE, place="")) == fingerprint(
        "image-alt", replace(NODE, place=NODE.target)
    )


@pytest.mark.parametrize(
    "entry",
    [
        {"until": "soon"},
        {"until": "2026-13-01"},
        {"fingerprint": "IMAGE"},
        {"reason": "later"},
        {"page": "pricing"},
    ],
)
def test_a_malformed_entry_is_refused(entry: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        models.KnownViolation.model_validate(KNOWN | entry)


# --- what is asked for ------------------------------------------------------------------------------------------------


def test_one_visit_a_page_serves_every_check() -> None:
    declared = environment([KNOWN])
    asked = {
        identity(request)
        for _, fixture in CHECKS.values()
        for subject in FIXTURES[fixture].subjects(declared)
        for request in subject.requests
    }
    assert asked == {identity(accessibility_visit(declared, "/"))}


def test_steps_follow_the_declaration() -> None:
    steps = [f"{step.action} {step.value}".strip() for step in accessibility_visit(environment(), "/").steps]
    assert [step for step in steps if not step.startswith(("goto", "wait", "snapshot", "reload"))] == [
        "axe as loaded", "reflow as loaded", "tab reject", "dismiss shown", "axe banner closed", "reflow banner closed",
        "tab #go", "click #menu", "shown #items", "axe state: menu", "reduce motion", "motion reduced motion",
    ]  # fmt: skip
    bare = environment(consent=None, accessibility={})
    assert [step.action for step in accessibility_visit(bare, "/").steps if step.action != "wait"] == [
        "goto", "snapshot", "axe", "reflow", "reduce motion", "reload", "motion",
    ]  # fmt: skip


def test_pages_that_actions_and_states_stand_on_are_judged_too() -> None:
    declared = environment(
        consent={"page": "/welcome"},
        accessibility={
            "pages": ["/a"], "main_action": "#go", "main_action_page": "/b", "states": [{"name": "menu", "page": "/c", "shows": "#m"}],
        },
    )  # fmt: skip
    assert [subject.id for subject in FIXTURES["accessible_page"].subjects(declared)] == ["/a", "/b", "/welcome", "/c"]


def test_without_the_section_nothing_is_asked() -> None:
    declared = environment(accessibility=None)
    assert [subject for _, fixture in CHECKS.values() for subject in FIXTURES[fixture].subjects(declared)] == []


def test_two_states_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="declared twice"):
        models.Accessibility.model_validate(
            {"states": [{"name": "menu", "shows": "a"}, {"name": "menu", "page": "/b", "shows": "a"}]}
        )


# --- what a reader sees -----------------------------------------------------------------------------------------------


def test_the_summary_keeps_what_is_undecided_apart() -> None:
    lines = accessibility_lines(
        with_runs(run("as loaded", IMAGE, incomplete=(UNSURE,), unseen=("https://a.test/: gone",)))
    )
    assert lines[:3] == [
        "axe-core 4.14.1, as loaded, 1350×940, 1 documents: violations: image-alt 1",
        "  not decided, for a person to look at: color-contrast 1",
        "  not judged: frame https://a.test/: gone",
    ]
    assert "Tab to reject: after 2 presses, by Plans" in lines


def test_nothing_calls_a_page_accessible() -> None:
    cards = [card_of(function) for function, _ in CHECKS.values()]
    texts = [*accessibility_lines(HEALTHY), *(f"{card.title} {card.why}" for card in cards if card)]
    assert not [text for text in texts if re.search(r"100 ?% (accessible|free)|(is|are) accessible|conform", text)]


def test_facts_survive_their_file() -> None:
    assert from_json(Accessibility, to_json(HEALTHY)) == HEALTHY


@given(st.text(), st.text(), st.lists(st.text(max_size=20), max_size=5), st.integers(0, 500))
def test_whatever_a_page_says_is_told_in_bounded_words(target: str, html: str, tags: list[str], more: int) -> None:
    node = AxeNode(target * 50, html * 50, html, target)
    rule = AxeRule("r", "critical", tuple(tags), "h", "u", 1 + more, (node,))
    said = verdict(with_runs(run("as loaded", rule)))
    assert len(said["axe.critical-and-serious"]) < 3000
