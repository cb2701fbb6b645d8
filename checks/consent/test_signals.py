"""Tags believe what the page tells them about consent; told wrong, they do what the visitor refused.

Fix: send `gtag("consent", "default", …)` with all four signals denied before anything else, and an update after each choice.
See: https://developers.google.com/tag-platform/security/guides/consent
"""

from __future__ import annotations

import json
from contextlib import suppress

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.consent.fixtures import ConsentFlow, OptOutFlow, able, seen, view
from gonogo.concerns.consent.judgements import LATER, chosen, commands, requests_without_need, stored_without_need
from gonogo.errors import EvidenceMissing
from gonogo.formats import consent_mode, gpp, tcf
from gonogo.probes.browser.facts import ConsentSignals, Visit

REGIONAL = "a default for some countries denies and the general one does not, and where Google places this visitor is not known"


@check(title="Consent Mode starts denied, before any tag", severity=Severity.HIGH, profiles={"nightly"})
def test_default(consent: ConsentFlow) -> None:
    """Judged where the page calls gtag, or the environment declares `consent_mode`."""
    mode = commands(view(consent.first).signals)
    where = consent.declared.page
    if not mode.used:
        if consent.declared.consent_mode:
            report([Finding.of(where, seen="no call of gtag", wanted="Consent Mode, as declared")])
        return
    findings = []
    if not mode.default:
        findings.append(Finding.of(where, seen="no default", wanted="all four signals denied", what="Consent Mode"))
    elif not mode.default_first:
        findings.append(Finding.of(where, seen="after a config or event", wanted="before them", what="the default"))
    for signal in consent_mode.SIGNALS if mode.default else ():
        state = mode.default.get(signal, "missing")
        if state != "denied" and mode.sure(signal):
            findings.append(Finding.of(where, seen=state, wanted="denied", what=f"the default of {signal}"))
    report(findings)
    if mode.regional:
        raise EvidenceMissing("invalid", f"the defaults: {REGIONAL}")


def _state(visit: Visit, label: str = "chosen") -> consent_mode.Mode:
    return commands(view(seen(visit, label)).signals)


def _granted_in_hits(visit: Visit) -> list[Finding]:
    """Hits after a rejection, as long as it holds, that still carry a granted signal."""
    found = {}
    for request in visit.requests[seen(visit, "first").requests : seen(visit, "restarted").requests]:
        granted = [name for name, state in consent_mode.of_hit(request.url).items() if state == "granted"]
        if granted:
            subject = request.url.partition("?")[0][:150]
            found[subject] = Finding.of(
                subject, seen=f"{', '.join(granted)} granted", wanted="denied after a rejection"
            )
    return list(found.values())


@check(title="Consent Mode follows the choice", severity=Severity.HIGH, profiles={"nightly"})
def test_update(consent: ConsentFlow) -> None:
    """An update after acceptance; after a rejection no signal granted, neither in the page nor in a hit's gcs or gcd."""
    chosen(consent.reject, "reject")
    chosen(consent.accept, "accept")
    where = consent.declared.page
    accepted = _state(consent.accept)
    findings = _granted_in_hits(consent.reject)
    if accepted.used and "granted" not in accepted.state.values():
        said = "no update" if not accepted.updated else "no signal granted"
        findings.append(
            Finding.of(where, seen=said, wanted="an update that grants", what="after acceptance, Consent Mode")
        )
    granted: dict[str, tuple[str, consent_mode.Mode]] = {}
    for label in LATER:
        rejected = _state(consent.reject, label)
        for name, state in rejected.state.items():
            if state == "granted":
                granted.setdefault(name, (label, rejected))
    findings += [
        Finding.of(where, seen=f"granted ({label})", wanted="denied", what=f"after a rejection, {name}")
        for name, (label, rejected) in granted.items()
        if rejected.sure(name)
    ]
    report(findings)
    if not_sure := [name for name, (_, rejected) in granted.items() if not rejected.sure(name)]:
        raise EvidenceMissing("invalid", f"{', '.join(not_sure)}: {REGIONAL}")


def _tcf(signals: ConsentSignals, choice: str, where: str) -> list[Finding]:
    if signals.tcf is None:
        return []
    told = dict(signals.tcf)
    if told.get("answered") != "true":
        return [Finding.of(where, seen="no answer", wanted="the state", what=f"__tcfapi after {choice}")]
    if told.get("gdprApplies") == "false":
        return []
    text = told.get("tcString", "")
    core = tcf.parse(text) if text else "there is none"
    if isinstance(core, str):
        return [Finding.of(where, seen=core, wanted="a TC string of version 2", what=f"after {choice}, the TC string")]
    findings = []
    purposes = ",".join(map(str, sorted(core.purposes)))
    if purposes != told.get("purposes", ""):
        said = f"purposes {purposes or 'none'} in the string and {told.get('purposes') or 'none'} in the data"
        findings.append(Finding.of(where, seen=said, wanted="the same", what=f"after {choice}, TCF"))
    findings += _contradicted(core, choice, where, "TCF")
    return findings


def _contradicted(core: tcf.TcString, choice: str, where: str, name: str) -> list[Finding]:
    """What a TC string grants after a rejection, or does not after acceptance."""
    what = f"after {choice}, {name}"
    if choice == "accept":
        return [] if core.purposes else [Finding.of(where, seen="consent to no purpose", wanted="some", what=what)]
    granted = {"consent to purposes": (core.purposes, ","), "opt-in to special features": (core.special_features, ", ")}
    return [
        Finding.of(where, seen=f"{said} {separator.join(map(str, sorted(numbers)))}", wanted="none", what=what)
        for said, (numbers, separator) in granted.items()
        if numbers
    ]


def _gpp_string(signals: ConsentSignals) -> gpp.GppString | str | None:
    """The page's GPP string where it is said to be ready, or why it cannot be read; None where there is none to judge."""
    told = dict(signals.gpp or ())
    if told.get("signalStatus") == "not ready" or not told.get("gppString"):
        return None
    return gpp.parse(told["gppString"])


def _gpp(signals: ConsentSignals, choice: str, where: str) -> list[Finding]:
    if signals.gpp is None:
        return []
    told = dict(signals.gpp)
    if told.get("answered") != "true":
        return [Finding.of(where, seen="no answer", wanted="the state", what=f"__gpp after {choice}")]
    if told.get("signalStatus") == "ready" and not told.get("gppString"):
        return [Finding.of(where, seen="ready without a string", wanted="a GPP string", what=f"after {choice}, GPP")]
    string = _gpp_string(signals)
    if isinstance(string, str):
        return [Finding.of(where, seen=string, wanted="version 1", what=f"after {choice}, the GPP string")]
    encoded = string.section(gpp.TCF_EU) if string is not None and _applies(signals, gpp.TCF_EU) else ""
    core = tcf.parse(encoded) if encoded else None
    if isinstance(core, str):
        return [Finding.of(where, seen=core, wanted="a TC string", what=f"after {choice}, the GPP string's section 2")]
    return _contradicted(core, choice, where, "GPP's section 2") if core is not None else []


def _applies(signals: ConsentSignals, section: int) -> bool:
    """Whether a section is in force; all are where the page does not say which, or says that it cannot know."""
    with suppress(ValueError):
        said = json.loads(dict(signals.gpp or ()).get("applicableSections", ""))
        return (
            not isinstance(said, list) or section in said or not any(isinstance(one, int) and one > 0 for one in said)
        )
    return True


def _opt_outs(signals: ConsentSignals, where: str) -> list[Finding]:
    """What the page tells its partners of a visitor whose browser sends Global Privacy Control."""
    string = _gpp_string(signals)
    if string is None:
        return []
    if isinstance(string, str):
        return [Finding.of(where, seen=string, wanted="version 1", what="the GPP string")]
    in_force = gpp.GppString(tuple(one for one in string.sections if _applies(signals, one[0])))
    told, unread = gpp.opt_outs(in_force)
    return [
        *(Finding.of(where, seen=one, wanted="as the GPP specifies", what="the GPP string") for one in unread),
        *(
            Finding.of(where, seen=one.state, wanted="yes", what=f"GPP's {one.section}: {one.what}")
            for one in told
            if one.state not in {"yes", "not applicable"}
        ),
    ]


@check(title="No TCF or GPP signal contradicts the choice", severity=Severity.HIGH, profiles={"nightly"})
def test_iab(consent: ConsentFlow) -> None:
    """Judged where the page has __tcfapi or __gpp: they answer; the TC string, and that in section 2 of the GPP string, can be
    read and says what was chosen.

    Fix: let the consent manager write the string from the stored choice, and answer from that string.
    See: https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework/blob/master/TCFv2/IAB%20Tech%20Lab%20-%20CMP%20API%20v2.md
    """
    findings = []
    outside = False
    for choice, visit in (("reject", consent.reject), ("accept", consent.accept)):
        chosen(visit, choice)
        for label in LATER:
            signals = view(seen(visit, label)).signals
            where = consent.declared.page
            findings += [*_tcf(signals, choice, where), *_gpp(signals, choice, where)]
            outside = outside or ("gdprApplies", "false") in (signals.tcf or ())
    report(dict.fromkeys(findings))
    if outside:
        raise EvidenceMissing(
            "invalid",
            "__tcfapi says gdprApplies = false: the site takes this visitor for one to whom the GDPR is nothing",
        )


@check(title="Global Privacy Control is honoured", severity=Severity.HIGH, profiles={"nightly"})
def test_gpc(opt_out: OptOutFlow) -> None:
    """With the header Sec-GPC and the property of the same meaning, no optional tag fires and nothing optional is stored. Where the page
    has __gpp, the sections of its string for the United States that are in force tell the opt-out.

    Fix: read `Sec-GPC: 1` or `navigator.globalPrivacyControl` before any tag, and treat it as an opt-out without a further step.
    See: https://cppa.ca.gov/regulations/pdf/cppa_regs.pdf
    """
    visit = opt_out.visit
    able(visit, "goto", "snapshot first:", "snapshot other page:")
    known: set[str] = set()
    if opt_out.plain is not None:
        first = seen(opt_out.plain, "first")
        sent = opt_out.plain.requests[: first.requests]
        known = {one.seen for one in stored_without_need(first, opt_out.declared)}
        known |= {one.subject for one in requests_without_need(sent, opt_out, "")}
    findings = []
    for label in ("first", "other page"):
        findings += [one for one in stored_without_need(seen(visit, label), opt_out.declared) if one.seen not in known]
        findings += _opt_outs(view(seen(visit, label)).signals, opt_out.declared.page)
    sent_with = requests_without_need(visit.requests, opt_out, "with Global Privacy Control")
    report(dict.fromkeys([*findings, *(one for one in sent_with if one.subject not in known)]))
    control = opt_out.control
    if control is not None and not (
        requests_without_need(control.requests, opt_out, "")
        or any(stored_without_need(one, opt_out.declared) for one in control.snapshots)
    ):
        raise EvidenceMissing("invalid", "nothing fires without the signal either, so silence with it proves nothing")


@check(title="A link lets visitors opt out of sale and sharing", severity=Severity.MEDIUM, profiles={"nightly"})
def test_opt_out_link(opt_out: OptOutFlow) -> None:
    """ "Do Not Sell or Share My Personal Information", or "Your Privacy Choices", on every page that collects.

    Fix: link it from the foot of each page, to a page where the opt-out takes effect.
    See: https://leginfo.legislature.ca.gov/faces/codes_displaySection.xhtml?lawCode=CIV&sectionNum=1798.135
    """
    pages = {"first": opt_out.declared.page, "other page": opt_out.declared.other_page or opt_out.declared.page}
    views = {page: view(seen(opt_out.visit, label)) for label, page in pages.items()}
    if not any(one.text_length for one in views.values()):
        raise EvidenceMissing("invalid", "the pages show no text")
    report(
        Finding.of(page, seen="no such link", wanted='"Your Privacy Choices" or the like')
        for page, one in views.items()
        if not one.opt_out
    )
