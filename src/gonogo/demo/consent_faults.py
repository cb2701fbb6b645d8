"""How the defects of consent are done to the demo, beside the plainest ones in faults.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request

from gonogo.demo.fault import Fault, content, replaced, script
from gonogo.demo.site import PAGES, Reply

BEGIN = "  consent.begin();\n"
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


def begin(statement: str) -> Fault:
    """A statement that runs before the script's own."""
    return script((BEGIN, f"  {statement}\n{BEGIN}"))


def _without_choices(request: Request, reply: Reply) -> None:
    if request.url.path in PAGES:
        reply.body = reply.body.replace(CHOICES, b"")


CONSENT_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        # the banner
        "banner-unannounced": script((ROLE, "")),
        "reject-link": script((REJECT, LINK)),
        "reject-faint": script((REJECT, FAINT)),
        "purpose-ticked": script((BOX, 'id: "consent-analytics", checked: true')),
        "policy-unlinked": script((POLICY, '"privacy policy"')),
        "policy-moved": script((POLICY, POLICY.replace("/privacy", "/privacy-2019"))),
        # the choice
        "scrolling-accepts": begin(SCROLLS),
        "escape-accepts": begin(ESCAPES),
        "cross-accepts": script(
            (SHOWN, f'{SHOWN}      this.dialog.append(button("×", () => this.choose("granted")));\n')
        ),
        "selection-ignored": script((SELECTED, 'this.choose("granted")')),
        "refusal-short": script((STORE, STORE.replace("HALF_YEAR", 'choice === "denied" ? 86400 : HALF_YEAR'))),
        "tag-late": begin("setTimeout(() => { if (!consent.choice()) analytics.view(); }, 3000);"),
        "landing-tagged": begin(
            'if (location.pathname === "/pricing" && !consent.choice() && !navigator.globalPrivacyControl) analytics.view();'
        ),
        "reject-wide-only": script(
            (REJECT, '          ...(innerWidth < 700 ? [] : [button("Reject all", () => this.choose("denied"))]),\n')
        ),
        "cookie-wall": begin(WALL),
        "page-locked": begin(LOCK),
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
        "tcf-contradicts": begin(GRANTED.strip()),
        "gpc-ignored": begin("if (navigator.globalPrivacyControl) analytics.view();"),
        "gpp-denies": begin(NOT_OPTED_OUT),
        "opt-out-unlinked": Fault(change=_without_choices),
        # the policy, and what the visits leave behind
        "policy-outdated": content("/privacy", replaced(b"Updated 2026-10-01", b"Updated 2016-10-01")),
        "policy-anonymous": content("/privacy", replaced(b"Write to privacy@acme.test.", b"Write to us.")),
        "hit-first-party-early": begin('fetch("/collect", { method: "POST", body: "en=page_view" }).catch(() => {});'),
        "hit-first-party": script(
            (VIEW, f'{VIEW}      fetch("/collect", {{ method: "POST", body }}).catch(() => {{}});\n')
        ),
    }
)
