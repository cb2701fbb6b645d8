"""How each defect of analytics, error tracking and scripts is done to the running demo, one entry a defect."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request

from gonogo.demo.defects.defect import Defect, browser
from gonogo.demo.defects.fault import BEGIN, Fault, at_begin, content, replaced, script
from gonogo.demo.replies import Reply
from gonogo.demo.site import ERRORS_PROJECT

PAGE_VIEW = 'this.hit("page_view", '
SHARED = "cid: this.visitor, gcs, dl: location.href"
REPORT = "    if (event.message) reportError("
RELEASE = "      release: settings.release,\n"
SEND = "    const lines = [{ sent_at: new Date().toISOString() }"
STORED = "      if (choice) this.apply(choice);\n"
SHOWN = '      if (!figures.hidden) analytics.event("figures_shown");\n'
FORBIDDEN = '    fetch("https://o4507.ingest.sentry.io/api/4507/envelope/", { method: "POST", body: message }).catch(() => {});\n'
MIXED = 'if (location.pathname === "/dashboard") new Image().src = `http://${location.host}/favicon.svg`;'
LENIENT = """trustedTypes.createPolicy("default", { createHTML: (text) => text });"""
BUNDLE_TEXT = '"use strict";\n'


def _foreign_script(request: Request, reply: Reply) -> None:
    """With integrity and a nonce, as a careful team would embed it, but undeclared."""
    if request.url.path != "/dashboard":
        return
    digest = base64.b64encode(hashlib.sha384(BUNDLE_TEXT.encode()).digest()).decode()
    nonce = request.state.nonce
    port = reply.text.partition("@errors.faultline.test:")[2].partition("/")[0]
    source = f"https://errors.faultline.test:{port}/bundle.min.js"
    tag = f'<script nonce="{nonce}" src="{source}" integrity="sha384-{digest}" crossorigin="anonymous"></script>'
    reply.body = reply.body.replace(b"</head>", tag.encode() + b"</head>")


def _bypassed(_: Request, reply: Reply) -> None:
    name = "content-security-policy"
    if name in reply.headers:
        reply.headers[name] = reply.headers[name].replace("trusted-types 'none'", "trusted-types default")


ANALYTICS_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "tag-of-another-site": script(('tell("config", settings.measurement)', 'tell("config", "G-OLDSITE001")')),
        "hit-incomplete": script((SHARED, "cid: this.visitor, gcs")),
        "hit-elsewhere": script(('v: "2", tid: settings.measurement', 'v: "2", tid: "G-OLDSITE001"')),
        "hit-denied": script(('"granted" ? "G101" : "G100"', '"granted" ? "G100" : "G100"')),
        "tag-once": script((STORED, '      if (choice) tell("event", "returning");\n')),
        "event-renamed": script((PAGE_VIEW, 'this.hit("pageview", ')),
        "event-lost": script((SHOWN, "")),
        "error-client-elsewhere": content("/", replaced(f'/{ERRORS_PROJECT}"'.encode(), b'/4508"')),
        "error-unreported": script((REPORT, "    if (!event.message) reportError(")),
        "error-unlabelled": script((RELEASE, "")),
        "error-forbidden-host": script((SEND, f"{FORBIDDEN}{SEND}")),
        "script-foreign": Fault(change=_foreign_script),
        "content-mixed": at_begin(MIXED),
        "part-missing": content(
            "/dashboard",
            replaced(b"</footer>", b'<img src="/assets/badge.svg" width="20" height="20" alt=""></footer>'),
        ),
        "types-bypassed": Fault(change=_bypassed, patches=((BEGIN, f"  {LENIENT}\n{BEGIN}"),)),
    }
)


ANALYTICS_DEFECTS: tuple[Defect, ...] = (
    browser("tag-of-another-site", "The tag has the id of another property", "analytics.tag.id"),
    browser("hit-incomplete", "Hits do not tell the page's address", "analytics.hits.parameters"),
    browser("hit-elsewhere", "Hits name another property", "analytics.hits.parameters"),
    browser("hit-denied", "Hits after acceptance tell of a refusal", "analytics.hits.signals"),
    browser("tag-once", "Only the page on which it was accepted is counted", "analytics.coverage.pages"),
    browser("event-renamed", "Page views have another name", "analytics.events.seen"),
    browser("event-lost", "An interaction is no longer counted", "analytics.events.seen"),
    browser("error-client-elsewhere", "The error tracker has another project's DSN", "errors.client.configured"),
    browser("error-unreported", "Uncaught errors are not reported", "errors.report.sent"),
    browser("error-unlabelled", "Error reports name no release", "errors.report.labelled"),
    browser("error-forbidden-host", "Errors also go to a service that was ruled out", "errors.hosts.forbidden"),
    browser("script-foreign", "The dashboard runs a script of the error tracker", "browser.scripts.declared"),
    browser("content-mixed", "A picture is asked for over plain http", "browser.requests.encrypted"),
    browser("part-missing", "A picture of the dashboard answers 404", "browser.requests.answered"),
    browser("types-bypassed", "A default policy lets any markup pass", "browser.trusted-types.enforced"),
)
