"""Defects of consent, beside the plainest ones in defects.py."""

from __future__ import annotations

from gonogo.demo.defect import Defect, Reach


def _consent(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, tuple(f"consent.{one}" for one in trips), Reach.BROWSER)


CONSENT_DEFECTS: tuple[Defect, ...] = (
    _consent("banner-unannounced", "The banner is not a dialog to a screen reader", "banner.named"),
    _consent("reject-link", "Rejecting is a link beside a button", "layers.reject-easy"),
    _consent("reject-faint", "Rejecting has no button's surface", "layers.prominence"),
    _consent("purpose-ticked", "Analytics is ticked beforehand", "layers.preticked"),
    _consent("policy-unlinked", "The banner links to no policy", "layers.policy"),
    _consent("policy-moved", "The banner's policy link answers 404", "layers.policy"),
    _consent("scrolling-accepts", "Scrolling is taken for consent", "choice.scrolling"),
    _consent("escape-accepts", "Escape is taken for consent", "choice.escape"),
    _consent("cross-accepts", "The banner's cross is taken for consent", "choice.closing"),
    _consent("selection-ignored", "Saving a selection of nothing accepts", "choice.selection"),
    _consent("refusal-short", "A refusal is forgotten after a day", "choice.persists", "lifetime.record"),
    _consent("tag-late", "Analytics starts three seconds after load, unasked", "requests.before-choice"),
    _consent("landing-tagged", "Who lands on another page is counted unasked", "requests.before-choice"),
    _consent("reject-wide-only", "Rejecting is missing on narrow screens", "layers.reject-first"),
    _consent("cookie-wall", "Who rejects sees no content", "wall.usable"),
    _consent("page-locked", "Who has not chosen cannot scroll", "wall.before-choice"),
    _consent("withdrawal-dead", "The cookie settings do not open", "withdrawal.reachable"),
    _consent("withdrawal-ignored", "Withdrawing keeps the identifier", "withdrawal.effective"),
    _consent("withdrawal-long", "Withdrawing takes the preferences, a toggle and a button", "withdrawal.easy"),
    _consent("focus-lost", "The closed banner leaves the focus nowhere", "banner.focus-returned"),
    _consent("choice-endless", "The choice is kept forever in local storage", "renewal.expiry"),
    _consent("revision-ignored", "A choice under the old policy still counts", "renewal.revision"),
    _consent("identifier-endless", "The identifier lasts ten years", "lifetime.trackers"),
    _consent("choice-short", "The choice is forgotten after a month", "lifetime.record"),
    _consent("choice-insecure", "The choice's cookie lacks Secure", "lifetime.record-attributes"),
    _consent("tag-smuggled", "Acceptance starts a tag of a host that nobody declared", "allowed.declared"),
    _consent("cookie-unlisted", "Acceptance sets a cookie that nobody declared", "inventory.known"),
    _consent("consent-mode-late", "Consent Mode's default comes after the config", "signals.default"),
    _consent("consent-mode-granted", "Consent Mode's default grants a signal", "signals.default"),
    _consent("consent-mode-silent", "Consent Mode is not told of the choice", "signals.update"),
    _consent("tcf-contradicts", "The TCF string grants what was rejected", "signals.iab"),
    _consent("gpc-ignored", "Global Privacy Control starts analytics", "signals.gpc"),
    _consent("gpp-denies", "The GPP string says that nobody has opted out", "signals.gpc"),
    _consent("opt-out-unlinked", "No link leads to the privacy choices", "signals.opt-out-link"),
    _consent("policy-outdated", "The policy was changed ten years ago", "policy.facts"),
    _consent("policy-anonymous", "The policy names no address", "policy.facts"),
    _consent("hit-first-party", "Hits also go to the site itself", "traces.none-left"),
    _consent(
        "hit-first-party-early",
        "Every page load is counted by the site itself, whatever the visitor chose",
        "requests.before-choice",
        "choice.reject-obeyed",
        "traces.none-left",
    ),
)
