"""The defects of consent, and how each is done to the running demo; see faults.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request

from gonogo.demo.defects.defect import Defect, browser
from gonogo.demo.defects.fault import Fault, at_begin, content, replaced, script
from gonogo.demo.replies import Reply
from gonogo.demo.site import PAGES

OPEN = "      else this.open();\n"
REJECT = '          button("Reject all", () => this.choose("denied")),\n'
SHOWN = "      document.body.prepend(this.dialog);\n"
SELECTED = 'this.choose(box.checked ? "granted" : "denied")'
BOX = 'id: "consent-analytics", checked: this.choice() === "granted"'
ROLE = '      this.dialog.setAttribute("role", "dialog");\n'
POLICY = 'element("a", { href: "/privacy", textContent: "privacy policy" })'
STORE = "      writeCookie(CONSENT, `${choice}.${REVISION}`, HALF_YEAR);\n"
STORED = "      const [choice, revision] = readCookie(CONSENT).split"
REVISED = 'return revision === REVISION ? choice : "";'
IDENTIFIER = "      writeCookie(VISITOR, this.visitor, HALF_YEAR);\n"
START = "      this.identify();\n      this.view();\n"
SMUGGLED = '      fetch("https://pixels.else.test/hit", { mode: "no-cors" }).catch(() => {});\n'
FORGET = "      removeCookie(VISITOR);\n"
FORGET_FIRST = 'localStorage.removeItem("_ax_first");'
EARLY_STORAGE = (
    (OPEN, '      else { localStorage.setItem("_ax_first", "1"); this.open(); }\n'),
    (FORGET, f"{FORGET}      {FORGET_FIRST}\n"),
    ("      this.identify();\n", f"      {FORGET_FIRST}\n      this.identify();\n"),
)
ATTRIBUTES = "Max-Age=${seconds}; Secure; SameSite=Lax`"
REOPEN = "        this.open();\n        this.dialog.querySelector"
WITHOUT_REJECT = (
    """[...this.dialog.querySelectorAll("button")].find((one) => one.textContent === "Reject all").remove();"""
)
GIVE_BACK = '      document.getElementById("cookie-settings")?.focus({ preventScroll: true });\n'
DEFAULT = '  tell("consent", "default", DENIED);\n'
CONFIG = '  tell("config", settings.measurement);\n'
UPDATE = '      tell("consent", "update", { ...DENIED, analytics_storage: choice });\n'
VIEW = '      const body = this.hit("page_view", { title: document.title });\n'
CHOICES = b'<a href="/privacy#choices">Your privacy choices</a>'

# A consent manager that says, whatever was chosen, that purposes 1 to 3 are granted.
GRANTED_STRING = "CQq7FMAQq7FMAEsABBENDIFAAOAAAAAAAAYgAAAA"
GRANTED = f"""
  window.__tcfapi = (command, version, callback) => callback(command === "ping" ? {{ gdprApplies: true, cmpStatus: "loaded" }} : {{
    tcString: "{GRANTED_STRING}", gdprApplies: true, eventStatus: "useractioncomplete", listenerId: 1,
    purpose: {{ consents: {{ 1: true, 2: true, 3: true }} }} }}, true);
"""
# One that tells partners under Californian law, whatever the browser signals, that nobody has opted out.
NOT_OPTED_OUT = """window.__gpp = (command, callback) =>
    callback({ signalStatus: "ready", cmpStatus: "loaded", applicableSections: [8], gppString: "DBABBg~BAoAAABA.QA" }, true);"""
FAINT = """          Object.assign(button("Reject all", () => this.choose("denied")), { className: "link" }),\n"""
LINK = """          (() => {
            const link = element("a", { className: "button", href: "#", textContent: "Reject all" });
            link.addEventListener("click", (event) => { event.preventDefault(); this.choose("denied"); });
            return link;
          })(),
"""
SCROLLS = 'addEventListener("scroll", () => { if (consent.dialog) consent.choose("granted"); });'
ESCAPES = """addEventListener("keydown", (event) => {
    if (event.key === "Escape" && consent.dialog) consent.choose("granted"); });"""
WALL = (
    'if (consent.choice() === "denied") document.getElementById("content").replaceChildren("Please accept cookies.");'
)
LOCK = """const lock = () => (document.documentElement.style.overflowY = innerWidth > 1000 && !consent.choice() ? "hidden" : "");
  addEventListener("click", () => setTimeout(lock)); lock();"""
IN_STORAGE = "      localStorage.setItem(CONSENT, `${choice}.${REVISION}`);\n"


def _without_choices(request: Request, reply: Reply) -> None:
    if request.url.path in PAGES:
        reply.body = reply.body.replace(CHOICES, b"")


def instead_of_opening(statement: str) -> Fault:
    """A statement that runs before the banner opens."""
    return script((OPEN, f"      else {{ {statement} this.open(); }}\n"))


CONSENT_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "consent-banner-missing": script((OPEN, "")),
        "consent-reject-missing": script((REJECT, "")),
        "cookie-before-choice": instead_of_opening("writeCookie(VISITOR, crypto.randomUUID(), HALF_YEAR);"),
        "storage-before-choice": Fault(patches=EARLY_STORAGE),
        "tag-before-choice": instead_of_opening("analytics.view();"),
        "reject-ignored": script(('"denied") analytics.stop();', '"denied") analytics.start();')),
        "tag-missing": script((START, "")),
        "choice-forgotten": script((STORE, "")),
        # the banner
        "banner-unannounced": script((ROLE, "")),
        "reject-link": script((REJECT, LINK)),
        "reject-faint": script((REJECT, FAINT)),
        "purpose-ticked": script((BOX, 'id: "consent-analytics", checked: true')),
        "policy-unlinked": script((POLICY, '"privacy policy"')),
        "policy-moved": script((POLICY, POLICY.replace("/privacy", "/privacy-2019"))),
        # the choice
        "scrolling-accepts": at_begin(SCROLLS),
        "escape-accepts": at_begin(ESCAPES),
        "cross-accepts": script(
            (SHOWN, f'{SHOWN}      this.dialog.append(button("×", () => this.choose("granted")));\n')
        ),
        "selection-ignored": script((SELECTED, 'this.choose("granted")')),
        "refusal-short": script((STORE, STORE.replace("HALF_YEAR", 'choice === "denied" ? 86400 : HALF_YEAR'))),
        "tag-late": at_begin("setTimeout(() => { if (!consent.choice()) analytics.view(); }, 3000);"),
        "landing-tagged": at_begin(
            'if (location.pathname === "/pricing" && !consent.choice() && !navigator.globalPrivacyControl) analytics.view();'
        ),
        "reject-wide-only": script(
            (REJECT, '          ...(innerWidth < 700 ? [] : [button("Reject all", () => this.choose("denied"))]),\n')
        ),
        "cookie-wall": at_begin(WALL),
        "page-locked": at_begin(LOCK),
        "withdrawal-dead": script((REOPEN, "        return;\n        this.dialog.querySelector")),
        "withdrawal-ignored": script((FORGET, "")),
        "withdrawal-long": script(
            (REOPEN, REOPEN.replace("this.open();\n", f"this.open();\n        {WITHOUT_REJECT}\n"))
        ),
        "focus-lost": script((GIVE_BACK, "")),
        "choice-endless": script(
            (STORE, f"{STORE}{IN_STORAGE}"),
            (
                STORED,
                "      const [choice, revision] = (readCookie(CONSENT) || localStorage.getItem(CONSENT) || '').split",
            ),
        ),
        "revision-ignored": script((REVISED, "return choice;")),
        # lifetimes and the inventory
        "identifier-endless": script((IDENTIFIER, IDENTIFIER.replace("HALF_YEAR", "20 * HALF_YEAR"))),
        "choice-short": script((STORE, STORE.replace("HALF_YEAR", "30 * 24 * 60 * 60"))),
        "choice-insecure": script((ATTRIBUTES, "Max-Age=${seconds}; SameSite=Lax`")),
        "tag-smuggled": script((START, f"{START}{SMUGGLED}")),
        "cookie-unlisted": script(
            (IDENTIFIER, f'{IDENTIFIER}      writeCookie("_ab", "b", HALF_YEAR);\n'),
            (FORGET, f'{FORGET}      removeCookie("_ab");\n'),
        ),
        # signals
        "consent-mode-late": script((DEFAULT, ""), (CONFIG, f"{CONFIG}{DEFAULT}")),
        "consent-mode-granted": script((DEFAULT, DEFAULT.replace("DENIED", '{ ...DENIED, ad_user_data: "granted" }'))),
        "consent-mode-silent": script((UPDATE, "")),
        "tcf-contradicts": at_begin(GRANTED.strip()),
        "gpc-ignored": at_begin("if (navigator.globalPrivacyControl) analytics.view();"),
        "gpp-denies": at_begin(NOT_OPTED_OUT),
        "opt-out-unlinked": Fault(change=_without_choices),
        # the policy, and what the visits leave behind
        "policy-outdated": content("/privacy", replaced(b"Updated 2026-10-01", b"Updated 2016-10-01")),
        "policy-anonymous": content("/privacy", replaced(b"Write to privacy@acme.test.", b"Write to us.")),
        "hit-first-party-early": at_begin(
            'fetch("/collect", { method: "POST", body: "en=page_view" }).catch(() => {});'
        ),
        "hit-first-party": script(
            (VIEW, f'{VIEW}      fetch("/collect", {{ method: "POST", body }}).catch(() => {{}});\n')
        ),
    }
)


def _consent(id_: str, title: str, *trips: str) -> Defect:
    return browser(id_, title, *(f"consent.{one}" for one in trips))


CONSENT_DEFECTS: tuple[Defect, ...] = (
    browser("consent-banner-missing", "Nobody is asked for consent", "consent.banner.shown"),
    browser("consent-reject-missing", "The banner has no button to reject", "consent.layers.reject-first"),
    browser("cookie-before-choice", "The analytics cookie is set before a choice", "consent.storage.before-choice"),
    browser("storage-before-choice", "Local storage is written before a choice", "consent.storage.before-choice"),
    browser("tag-before-choice", "The analytics tag fires before a choice", "consent.requests.before-choice"),
    browser("reject-ignored", "A rejection starts analytics", "consent.choice.reject-obeyed"),
    browser("tag-missing", "Analytics never starts", "consent.choice.accept-effective"),
    # Whoever is asked again has not consented there: analytics loses its visitors, too.
    browser(
        "choice-forgotten",
        "The choice is not stored",
        "consent.choice.persists",
        "analytics.coverage.pages",
        "analytics.hits.signals",
    ),
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
