"""Banners whose words no list holds, found and pressed by the rules of autoconsent; all in Thai."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from browsing import Probe, Server, serving
from consent_pages import Judged, judge, page

from gonogo.errors import EvidenceMissing
from gonogo.probes.browser import rules
from gonogo.probes.browser.facts import Banner

TEXT, YES, NO, SETTINGS, SAVE = "เว็บไซต์นี้ใช้คุกกี้", "ยอมรับทั้งหมด", "ปฏิเสธทั้งหมด", "ตั้งค่า", "บันทึก"
OPEN = """<button id="again">คุกกี้</button><script>
  const show = () => { document.querySelector('%(box)s').style.display = 'block'; };
  const hide = (value) => { for (const one of document.querySelectorAll('.layer')) one.style.display = 'none'; choose(value); };
  document.querySelector('#again').onclick = show;
  if (!read('choice')) show();
  %(script)s
</script>"""
BOX = "display:none;position:fixed;bottom:0;left:0;right:0;background:white;border:1px solid"
ONE_LAYER = (
    f"""<div class="layer acris-cookie-consent is--modal" data-acris-cookie-consent role="dialog" aria-label="คุกกี้" style="{BOX}">
<p>{TEXT} <a href="/policy">นโยบาย</a></p><button id="ccConsentAcceptAllButton" onclick="hide('yes')">{YES}</button>
<button id="ccAcceptOnlyFunctional" onclick="hide('no')">%(no)s</button></div>"""
    + OPEN
    % {
        "box": ".acris-cookie-consent",
        "script": "",
    }
)
TWO_LAYERS = (
    f"""<div id="consent" class="layer consent-modal" role="dialog" aria-label="คุกกี้" style="{BOX}"><p>{TEXT}</p>
<button id="consent_agree" onclick="hide('yes')">{YES}</button><button id="manage_cookie_preferences" onclick="more()">{SETTINGS}</button></div>
<div class="layer" id="cookie_consent_preferences" role="dialog" style="{BOX}"><p>{TEXT}</p>
<label><input type="checkbox" checked>สถิติ</label><label><input type="checkbox" checked>โฆษณา</label>
<button id="consent_save" onclick="save()">{SAVE}</button></div>"""
    + OPEN
    % {
        "box": "#consent",
        "script": """
  const second = document.querySelector('#cookie_consent_preferences');
  const more = () => { document.querySelector('#consent').style.display = 'none'; setTimeout(() => { second.style.display = 'block'; }, 200); };
  const save = () => hide([...second.querySelectorAll('input')].some((one) => one.checked) ? 'yes' : 'no');""",
    }
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(Server()) as one:
        one.page("/policy", "<title>นโยบาย</title><p>นโยบาย")
        yield one


def judged(probe: Probe, server: Server, path: str, body: str, **consent: Any) -> Judged:
    page(server, path, body, lang="th")
    return judge(probe, path, **{"autoconsent": True, "settings": "#again", **consent})


def problems(one: Judged) -> list[str]:
    """Of choices; not of the visit that first closes the banner by its cross, which may be a rejection."""
    visits = [visit for name, visit in one.flow.visits if name != "preferences"]
    return [told for visit in visits for told in visit.problems if told.startswith("consent")]


def first_sight(probe: Probe, server: Server, path: str, body: str, *, autoconsent: bool = True) -> Banner:
    page(server, path, body, lang="th")
    declared = {"page": path, "autoconsent": autoconsent}
    return probe.visit(("goto", server.url(path)), ("snapshot", "first"), consent=declared).snapshots[0].banner


def test_without_the_rules_such_a_banner_is_not_found(probe: Probe, server: Server) -> None:
    """Which shows that the tests below need them."""
    assert not first_sight(probe, server, "/thai-unknown", ONE_LAYER % {"no": NO}, autoconsent=False).visible
    assert first_sight(probe, server, "/thai-unknown", ONE_LAYER % {"no": NO}).visible


def test_a_known_banner_in_an_unknown_language_is_driven_and_judged_by_its_effects(
    probe: Probe, server: Server
) -> None:
    one = judged(probe, server, "/thai", ONE_LAYER % {"no": NO})
    assert one.flow.first.banner.rule == "acris"
    assert (one.flow.first.banner.accept, one.flow.first.banner.reject) == (YES, NO)
    assert not problems(one)
    assert [choice.clicks for visit in (one.flow.reject, one.flow.accept) for choice in visit.choices[:1]] == [1, 1]
    assert set(one.failed) <= {"consent.layers.policy"}, one.failed  # its link speaks Thai, too
    assert "consent.choice.reject-obeyed" not in one.unknown, one.unknown


@pytest.mark.slow
def test_a_control_without_words_is_pressed_and_not_taken_for_an_offer(probe: Probe, server: Server) -> None:
    """A rule calls an icon "reject"; a visitor does not know that."""
    one = judged(probe, server, "/thai-icon", ONE_LAYER % {"no": "✕"})
    assert [choice.choice for choice in one.flow.reject.choices] == ["reject"]
    assert not problems(one)
    assert "consent.layers.reject-first" in one.failed
    assert "consent.choice.reject-obeyed" not in {*one.failed, *one.unknown}


@pytest.mark.slow
def test_a_rejection_through_a_second_layer_switches_off_what_is_ticked(probe: Probe, server: Server) -> None:
    one = judged(probe, server, "/thai-layers", TWO_LAYERS)
    assert one.flow.first.banner.rule == "clinch"
    assert not problems(one), problems(one)
    [choice] = one.flow.reject.choices[:1]
    assert (choice.deeper, choice.clicks) == (True, 4)
    assert "consent.layers.reject-first" in one.failed
    assert "consent.choice.reject-obeyed" not in {*one.failed, *one.unknown}, (one.failed, one.unknown)


@pytest.mark.slow
def test_a_rejection_by_rule_that_is_not_obeyed_fails(probe: Probe, server: Server) -> None:
    disobedient = (ONE_LAYER % {"no": NO}).replace("hide('no')", "hide('yes')")
    one = judged(probe, server, "/thai-disobedient", disobedient)
    assert "consent.choice.reject-obeyed" in one.failed


def test_a_page_without_a_banner_has_none_by_rule_either(probe: Probe, server: Server) -> None:
    hidden = ONE_LAYER % {"no": NO}
    assert not first_sight(probe, server, "/thai-none", "<div class='cookie-alert'>คุกกี้</div>").visible
    assert not first_sight(probe, server, "/thai-hidden", hidden.replace("if (!read('choice')) show();", "")).visible


CLOSED = f"""<div id="host" style="position:fixed;bottom:0;left:0;right:0;background:white"></div><script>
  const root = document.querySelector('#host').attachShadow({{mode: 'closed'}});
  root.innerHTML = '<p>{TEXT}</p><button class="yes">{YES}</button><button class="no">{NO}</button>';
  document.cookie = 'asked=1';
</script>"""
INSIDE = [{"exists": ["#host", ".yes"]}, {"visible": ["#host", "button"], "check": "any"}]
BY_PATH = "xpath///div[@id='open']//button[contains(., 'ยอมรับ')]"
OPEN_BOX = (
    f"""<div id="open" style="position:fixed;bottom:0;background:white"><p>{TEXT}</p><button>{YES}</button></div>"""
)


@pytest.mark.parametrize(
    ("body", "conditions", "seen"),
    [
        pytest.param(CLOSED, INSIDE, True, id="in a closed shadow root"),
        pytest.param(CLOSED, [*INSIDE, {"cookieContains": "asked=1"}], True, id="with a cookie"),
        pytest.param(CLOSED, [*INSIDE, {"cookieContains": "asked=1", "negated": True}], False, id="without a cookie"),
        pytest.param(CLOSED, [*INSIDE, {"any": [{"exists": "#none"}, {"exists": "#host"}]}], True, id="one of several"),
        pytest.param(CLOSED, [*INSIDE, {"visible": "#host", "check": "none"}], False, id="none visible"),
        pytest.param(CLOSED, [*INSIDE, {"exists": "]["}], False, id="an unknown selector"),
        pytest.param(OPEN_BOX, [{"visible": BY_PATH}], True, id="by XPath"),
        pytest.param(OPEN_BOX, [{"exists": "#open", "negated": True}], False, id="only by what is absent"),
    ],
)
def test_conditions_of_rules(
    probe: Probe, server: Server, monkeypatch: pytest.MonkeyPatch, body: str, conditions: list[Any], seen: bool
) -> None:
    press = [{"waitForThenClick": ["#host", ".yes"]}]
    rule = {"name": "own", "context": {}, "detect": conditions, "popup": conditions, "accept": press, "reject": []}
    monkeypatch.setattr(rules, "rules_at", lambda _url: json.dumps([rule]))
    assert first_sight(probe, server, "/thai-rule", body).visible is seen


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckduckgo_autoconsent", None)
    rules.rules_at.cache_clear()
    with pytest.raises(EvidenceMissing, match=r"pip install 'gonogo\[autoconsent\]'"):
        rules.rules_at("https://shop.test/")
    rules.rules_at.cache_clear()
