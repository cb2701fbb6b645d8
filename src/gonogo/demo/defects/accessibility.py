"""How the defects of accessibility are done to the demo; see faults.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gonogo.demo.defects.defect import Defect, browser
from gonogo.demo.defects.fault import Fault, at_begin, content, replaced
from gonogo.demo.site import STYLESHEET


def _style(rule: str) -> Fault:
    """A rule at the end of the style sheet."""
    return content(STYLESHEET, lambda body: body + f"\n{rule}\n".encode())


def _on_key(condition: str) -> Fault:
    """A key press that comes to nothing."""
    return at_begin(
        f'document.addEventListener("keydown", (event) => {{ if ({condition}) event.preventDefault(); }}, true);'
    )


ACCESSIBILITY_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "picture-unnamed": content("/", replaced(b' alt="Four engagement curves rising over twelve weeks"', b"")),
        "text-pale": _style(".lead { color: #b4bccb; }"),
        "zoom-forbidden": content("/privacy", replaced(b"initial-scale=1", b"initial-scale=1, user-scalable=no")),
        "figures-pale": _style("#figures dd { color: #c5ccda; }"),
        "hero-wide": _style(".hero { min-width: 40rem; }"),
        "plans-unreachable": content("/", replaced(b'class="button" href', b'class="button" tabindex="-1" href')),
        "reject-mouse-only": _on_key('event.target.closest("#consent-banner") && /^(Enter| )$/.test(event.key)'),
        "focus-trapped": _on_key('event.target.id === "show-figures" && event.key === "Tab"'),
        "focus-invisible": _style(":focus-visible { outline: none; }"),
        "logo-turning": _style(
            "@keyframes turn { to { rotate: 1turn; } } .brand svg { animation: turn 3s linear infinite; }"
        ),
        "known-violation-mended": content("/pricing", replaced(b'role="directory" ', b'role="group" ')),
    }
)


def _browser(id_: str, title: str, *trips: str) -> Defect:
    return browser(id_, title, *(f"accessibility.{check}" for check in trips))


ACCESSIBILITY_DEFECTS: tuple[Defect, ...] = (
    _browser("picture-unnamed", "The largest picture has no text alternative", "axe.critical-and-serious"),
    _browser("text-pale", "The lead has too little contrast", "axe.critical-and-serious"),
    _browser("zoom-forbidden", "A page cannot be zoomed by fingers", "axe.moderate-and-minor"),
    _browser("figures-pale", "Figures that a button reveals have too little contrast", "states.violations"),
    _browser("hero-wide", "The largest picture is wider than a zoomed window", "reflow.width"),
    _browser("plans-unreachable", "Tab passes over the main action", "keyboard.main-action"),
    _browser("reject-mouse-only", "The banner's buttons do not answer to Enter", "keyboard.reject"),
    _browser("focus-trapped", "A button keeps the focus", "keyboard.trap"),
    _browser("focus-invisible", "The focus has no outline", "keyboard.focus-visible"),
    _browser("logo-turning", "The logo turns for visitors who asked for less motion", "motion.reduced"),
    _browser("known-violation-mended", "A known violation has been mended", "baseline.current"),
)
