"""A banner that makes one answer hard to give does not ask; supervisory authorities look at its layers first.

Fix: put "Reject all" beside "Accept all": same layer, same element, same size and colours.
See: https://www.edpb.europa.eu/our-work-tools/our-documents/report/report-work-undertaken-cookie-banner-taskforce_en
"""

from __future__ import annotations

from http import HTTPStatus

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import DOWNLOADED, ConsentFlow, able, seen, view
from gonogo.concerns.consent.judgements import first_layer
from gonogo.errors import EvidenceMissing
from gonogo.probes.browser.facts import Control

LEAST_AREA, LEAST_FONT = 0.5, 0.85
"""Of the accepting control's; below, one of them is plainly the smaller one."""
LEAST_CONTRAST = 3.0
"""Of text that is large (WCAG 2.2 SC 1.4.3), and of what makes a control recognisable (SC 1.4.11)."""
NO_SURFACE = 1.1


@check(title="Rejecting is offered beside accepting", severity=Severity.HIGH, profiles={"nightly"})
def test_reject_first(consent: ConsentFlow) -> None:
    """A refusal that hides behind "Settings" costs more than an acceptance (CNIL, deliberation 2020-092, §31). In the
    preferences a control that stores the selection counts as one. Looked at on a desktop and on a telephone."""
    layer = first_layer(consent)
    where = consent.declared.page
    if layer.control("accept") and not layer.control("reject"):
        report([Finding.of(where, seen="accept without reject", wanted="both", what="the first layer")])
    asked = view(seen(consent.elsewhere, "asked")).layer
    if asked is not None and asked.control("accept") and not asked.control("reject"):
        report([Finding.of(where, seen="accept without reject", wanted="both", what="the first layer on a telephone")])
    if not layer.control("preferences"):
        return
    able(consent.preferences, "preferences", "snapshot preferences:")
    opened = view(seen(consent.preferences, "preferences"))
    second = opened.layer
    if second is None and not opened.toggles:
        raise EvidenceMissing("invalid", "the preferences were opened, and no layer was recognised")
    if second is None or not second.control("accept") or second.control("reject") or second.control("save"):
        return
    if second.toggles:
        raise EvidenceMissing("invalid", "no control was recognised that stores the selection of the preferences")
    report([Finding.of(where, seen="accept without reject", wanted="both", what="the preferences")])


@check(title="Rejecting takes a button and no more clicks", severity=Severity.HIGH, profiles={"nightly"})
def test_reject_easy(consent: ConsentFlow) -> None:
    """Where both are in the first layer: a link beside a button, or "Are you sure?", leans on the visitor."""
    layer = first_layer(consent)
    accept, reject = layer.control("accept"), layer.control("reject")
    if accept is None or reject is None:
        raise EvidenceMissing("invalid", "the first layer has not both controls")
    where = consent.declared.page
    findings = []
    if accept.kind == "button" and reject.kind != "button":
        findings.append(
            Finding.of(where, seen=f"{reject.kind} {reject.text!r}", wanted="a button, as accept is", what="reject")
        )
    clicks = {one.choice: one.clicks for visit in (consent.reject, consent.accept) for one in visit.choices[:1]}
    if clicks.get("reject", 0) > clicks.get("accept", 0) > 0:
        wanted = f"no more than the {clicks['accept']} of accepting"
        findings.append(Finding.of(where, seen=f"{clicks['reject']} clicks", wanted=wanted, what="rejecting"))
    report(findings)


def _fainter(accept: Control, reject: Control) -> list[str]:
    """In what the rejecting control stands back, with numbers."""
    told = []
    areas = accept.width * accept.height, reject.width * reject.height
    if areas[1] < LEAST_AREA * areas[0]:
        told.append(f"smaller: {areas[1]:,.0f} px², {accept.text!r} has {areas[0]:,.0f} px²")
    if reject.font_px < LEAST_FONT * accept.font_px:
        told.append(f"smaller in type: {reject.font_px:g} px, {accept.text!r} has {accept.font_px:g} px")
    if 0 < reject.contrast < LEAST_CONTRAST <= accept.contrast:
        told.append(f"fainter in text: contrast {reject.contrast:g}, {accept.text!r} has {accept.contrast:g}")
    if 0 < reject.fill < NO_SURFACE and accept.fill >= LEAST_CONTRAST:
        told.append(f"without a surface: contrast {reject.fill:g} with the layer, {accept.text!r} has {accept.fill:g}")
    return told


@check(title="Both answers look alike", severity=Severity.LOW, profiles={"nightly"})
def test_prominence(consent: ConsentFlow) -> None:
    """Colours and sizes are judged case by case by authorities, so this informs: it gives the numbers."""
    layer = first_layer(consent)
    accept, reject = layer.control("accept"), layer.control("reject")
    if accept is None or reject is None:
        raise EvidenceMissing("invalid", "the first layer has not both controls")
    report(
        Finding.of(
            consent.declared.page, seen=told, wanted="about the same as accepting", what=f"the button {reject.text!r}"
        )
        for told in _fainter(accept, reject)
    )


@check(title="No optional purpose is ticked beforehand", severity=Severity.HIGH, profiles={"nightly"})
def test_preticked(consent: ConsentFlow) -> None:
    """Silence, pre-ticked boxes or inactivity are no consent (GDPR recital 32).

    Fix: leave every toggle but the necessary ones off until the visitor switches it on.
    See: https://curia.europa.eu/juris/liste.jsf?num=C-673/17
    """
    first = first_layer(consent)
    toggles = list(first.toggles)
    if first.control("preferences"):
        able(consent.preferences, "preferences")
        opened = view(seen(consent.preferences, "preferences"))
        toggles += opened.layer.toggles if opened.layer else opened.toggles
        if not toggles:
            raise EvidenceMissing(
                "invalid", "the preferences were opened, and nothing in them was recognised as a toggle"
            )
    report(
        Finding.of(
            consent.declared.page, seen="on", wanted="off until the visitor chooses", what=f"the toggle {name!r}"
        )
        for name in dict.fromkeys(one.name for one in toggles if one.checked and not one.fixed)
    )
    if toggles and all(one.fixed for one in toggles):
        raise EvidenceMissing("invalid", "of the preferences' toggles only those were recognised that must be on")


@check(title="The banner links to a policy that answers", severity=Severity.HIGH, profiles={"nightly"})
def test_policy(consent: ConsentFlow) -> None:
    """Consent is informed, or it is none: who asks what for, and how long things are kept, is one click away.

    Fix: link the privacy or cookie policy from the banner's first layer, to an address that answers 200.
    See: https://eur-lex.europa.eu/eli/reg/2016/679/art_13/oj
    """
    layer = first_layer(consent)
    visit, where = consent.preferences, consent.declared.page
    if not layer.policy and layer.control("policy") is None:
        report([Finding.of(where, seen="no link to a policy", wanted="one", what="the first layer")])
    able(visit, "policy: it leads", "policy: its control")
    landed = seen(visit, "policy").url.partition("#")[0]
    documents = [one for one in visit.requests if one.type == "document" and not one.inner]
    statuses = [one.status for one in documents if one.url.partition("#")[0] == landed]
    problem = next((one for one in visit.problems if one.startswith("policy")), "")
    shown = not layer.policy and not statuses and landed.startswith("http")  # at an address made by a script
    if problem == DOWNLOADED or (shown and not problem):
        return
    if not problem and statuses[-1:] != [HTTPStatus.OK]:
        problem = f"status {statuses[-1] if statuses else 'unknown'}"
    if problem:
        wanted = "status 200" if layer.policy else "an address, a window, a frame or a text about privacy"
        what = f"its policy {layer.policy[:150]}".rstrip()
        report([Finding.of(where, seen=problem.removeprefix("policy: "), wanted=wanted, what=what)])
