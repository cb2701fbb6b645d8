"""The defects of what a browser sees, and how each is done to the running demo; see faults.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request

from gonogo.demo.defects.defect import Defect, browser
from gonogo.demo.defects.fault import Fault, at_begin
from gonogo.demo.replies import Reply


def _undeclared_image(request: Request, reply: Reply) -> None:
    """Somebody added a picture from elsewhere, and widened the policy for it."""
    if request.url.path == "/dashboard":
        name, wider = "content-security-policy", "img-src 'self' https://cdn.undeclared.test"
        reply.headers[name] = reply.headers[name].replace("img-src 'self'", wider)
        picture = b'<img src="https://cdn.undeclared.test/badge.png" width="1" height="1" alt="">'
        reply.body = reply.body.replace(b"</footer>", picture + b"</footer>")


BROWSER_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "script-error": at_begin("setTimeout(() => settings.campaign.title.trim(), 50);"),
        "csp-violation": at_begin('document.body.setAttribute("style", "--theme: blue");'),
        "host-undeclared": Fault(change=_undeclared_image),
    }
)

BROWSER_DEFECTS: tuple[Defect, ...] = (
    browser("script-error", "A script throws while the page loads", "browser.console.clean"),
    browser("csp-violation", "A script sets a style that the policy forbids", "browser.csp.violations"),
    browser("host-undeclared", "The dashboard loads a picture from elsewhere", "browser.requests.declared"),
)
