"""Banners that show late, and refusals in a layer that the page's own control opened again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from browsing import Probe, Server, serving
from consent_pages import ENGLISH, judge, page, plain
from pydantic import ValidationError

from gonogo.concerns.consent.fixtures import seen
from gonogo.environment.sections.consent import Consent


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(Server()) as one:
        one.page("/policy", "<title>Privacy policy</title><p>Privacy policy: what we keep, and why.")
        yield one


def late(milliseconds: int, *, forgets: bool = False) -> str:
    """The plain banner, so long after load; `forgets`: it is shown whatever was chosen before."""
    asks = "" if forgets else "if (!read('choice')) "
    shows = f"{asks}addEventListener('load', () => setTimeout(open_, {milliseconds}));"
    return plain(ENGLISH).replace("if (!read('choice')) open_();", shows)


@pytest.mark.slow
@pytest.mark.parametrize(("milliseconds", "settle_s"), [(2500, 3.0), (4000, 0.3)])
def test_a_late_banner_is_a_banner(probe: Probe, server: Server, milliseconds: int, settle_s: float) -> None:
    path = f"/late-{milliseconds}-{settle_s:g}"
    page(server, path, late(milliseconds))
    judged = judge(probe, path, settle_s=settle_s)
    assert (judged.failed, judged.unknown) == ({}, {})
    states = {snapshot.label: snapshot.banner.visible for snapshot in judged.flow.reject.snapshots}
    assert [label for label, visible in states.items() if visible] == ["first"]
    withdrawn = {snapshot.label for snapshot in judged.flow.withdraw.snapshots if snapshot.banner.visible}
    assert withdrawn == {"first", "reopened", "expired"}


@pytest.mark.slow
def test_a_late_banner_that_forgets_the_choice_is_found(probe: Probe, server: Server) -> None:
    page(server, "/late-forgets", late(2500, forgets=True))
    judged = judge(probe, "/late-forgets", settle_s=1.0)
    assert "consent.choice.persists" in judged.failed


@pytest.mark.slow
def test_who_declares_a_shorter_wait_has_it(probe: Probe, server: Server) -> None:
    page(server, "/late-declared", late(6000))
    judged = judge(probe, "/late-declared", appear_s=0.6)
    assert "consent.banner.shown" in judged.failed
    first = judged.flow.reject.snapshot("first")
    assert first is not None
    assert not first.banner.visible


def test_a_page_without_a_banner_is_waited_for_once(probe: Probe, server: Server) -> None:
    """The first look after the first load has all the time; looks after later loads have less."""
    url = page(server, "/none", "")
    first, second = (("goto", url), ("snapshot", "first")), (("goto", url), ("snapshot", "second"))
    # A busy machine delays a visit now and then; one that waits twice does so each time.
    for _ in range(4):
        once, twice = _lasts(probe, *first), _lasts(probe, *first, *second)
        assert once >= 4
        if twice - once < 3.5:
            break
    assert twice - once < 3.5


def _lasts(probe: Probe, *steps: tuple[str, str]) -> float:
    began = time.monotonic()
    probe.visit(*steps, request={"privacy": True}, consent={"appear_s": 4.0})
    return time.monotonic() - began


@pytest.mark.parametrize("seconds", [0, -1, 11, float("nan")])
def test_a_wait_is_a_bounded_number_of_seconds(seconds: float) -> None:
    with pytest.raises(ValidationError, match="appear_s"):
        Consent(appear_s=seconds)


BOX = """<div role="dialog" aria-label="Cookies" id="cookie-box" style="position:fixed;bottom:0;background:white">
<div id="l1"><p>We use cookies. <a href="/policy">Privacy policy</a></p><button onclick="choose('yes');gone()">Accept all</button>
<button onclick="choose('no');gone()">Reject all</button> <button onclick="show(true)">Settings</button></div>
<div id="l2" hidden><p>Cookie preferences</p><label><input type="checkbox" id="a"> Analytics</label> <button onclick="choose('yes');gone()">Accept all</button>
<button onclick="presses++;choose(a.checked ? 'yes' : 'no');gone()">%s</button></div></div>
<button onclick="show(true);document.body.append(box)">Cookie settings</button><script>
let presses = 0;
const find = (id) => document.getElementById(id), box = find('cookie-box'), a = find('a'), l1 = find('l1'), l2 = find('l2');
const gone = () => box.remove(), show = (second) => { l1.hidden = second; l2.hidden = !second; a.checked = read('choice') === 'yes'; };
if (read('choice')) gone();</script>"""


@pytest.mark.slow
@pytest.mark.parametrize("words", ["Save settings", "Einstellungen speichern", "Save preferences"])
def test_saving_is_no_way_to_the_preferences(probe: Probe, server: Server, words: str) -> None:
    """Two clicks take the consent back: the toggle, and what saves it."""
    path = f"/save-{words.split()[1]}"
    page(server, path, BOX % words)
    judged = judge(probe, path)
    assert [problem for problem in judged.flow.withdraw.problems if problem.startswith("consent")] == []
    accepted, rejected = judged.flow.withdraw.choices
    assert (accepted.choice, accepted.clicks) == ("accept", 1)
    assert (rejected.choice, rejected.clicks, rejected.deeper) == ("reject", 2, True)
    cookies = seen(judged.flow.withdraw, "after withdrawal").cookies
    assert [one.value for one in cookies if one.name == "choice"] == ["no"]
    assert judged.unknown == {}
    # The layer that opens again has no control to reject, so it takes more clicks than accepting.
    assert set(judged.failed) <= {"consent.withdrawal.easy"}, judged.failed
