"""What of a visit's console and requests is broken, and not the doing of the page's policy or of gonogo itself."""

from __future__ import annotations

from collections.abc import Iterable

from gonogo.concerns.consent.judgements import asked
from gonogo.environment.sections.site import ThirdParty
from gonogo.probes.browser.facts import BrowserRequest, ConsoleMessage, Violation, Visit
from gonogo.result import Finding

ABORTED = "net::ERR_ABORTED"
"""The page took its request back."""
TOLD_ELSEWHERE = ("blocked:", "csp", "mixed-content")
"""Stopped by gonogo, by the page's policy or as mixed content."""
UNDECLARED = "blocked: undeclared host"
"""How the browser probe marks a request that it stopped for its host."""
REFUSED = "net::ERR_HTTP_RESPONSE_CODE_FAILURE"
"""How Chromium calls an answer of 400 and above without a body that was opened as a page: it did come."""
UNFETCHED = ("TypeError: Failed to fetch", "TypeError: Load failed", "TypeError: NetworkError when attempting")
"""How browsers reject a `fetch` that had no answer, whatever the reason."""


def errors(visit: Visit) -> tuple[ConsoleMessage, ...]:
    """Uncaught exceptions and console errors, in order."""
    return tuple(message for message in visit.console if message.level in {"error", "pageerror"})


def enforced(visit: Visit) -> tuple[Violation, ...]:
    """Violations of a policy that blocks; those of one that only reports are left out."""
    return tuple(one for one in visit.violations if one.disposition != "report")


def violated(where: str, violation: Violation) -> Finding:
    """What is said of a violation: what was blocked, by which directive, where it was asked for."""
    seen = f"{violation.blocked[:120]} blocked ({violation.source[:100]})"
    return Finding.of(where, seen=seen, wanted="nothing blocked", what=violation.directive)


def undeclared_script(request: BrowserRequest, parties: Iterable[ThirdParty]) -> bool:
    """A script of a third party that may be spoken to, and was not declared to deliver scripts."""
    scripts = {party.host.lower(): party.scripts for party in parties}
    return request.third_party and request.type == "script" and scripts.get(asked(request)) is False


def stopped(request: BrowserRequest) -> bool:
    """The page took it back, or gonogo, the page's policy or the rule against mixed content stopped it."""
    return request.failure == ABORTED or request.failure.lower().startswith(TOLD_ELSEWHERE)


def unanswered(request: BrowserRequest) -> str:
    """Why a request has no good answer, empty where it has: the browser's words, or a status of 400 and above."""
    if request.failure:
        return "" if stopped(request) or request.local else request.failure[:100]
    return f"status {request.status}" if request.status >= 400 else ""


def failed(request: BrowserRequest) -> str:
    """Why a request failed by the server's or the network's doing, empty otherwise; a refusal (4xx) is an answer."""
    if request.local or stopped(request):
        return ""
    if request.status >= 500:
        return f"status {request.status}"
    return "" if request.failure == REFUSED else request.failure[:100]


def echoes(visit: Visit) -> bool:
    """A rejected `fetch` in the console says no more than that a request was stopped: one was, and no other failed."""
    return any(map(stopped, visit.requests)) and not any(
        request.type in {"fetch", "xhr"} and not stopped(request) and unanswered(request).startswith("net::")
        for request in visit.requests
    )
