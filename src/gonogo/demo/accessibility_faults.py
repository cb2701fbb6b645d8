"""How the defects of accessibility are done to the demo; see faults.py."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gonogo.demo.fault import Fault, content, replaced, script
from gonogo.demo.site import STYLESHEET

BEGIN = "  consent.begin();\n"


def _style(rule: str) -> Fault:
    """A rule at the end of the style sheet."""
    return content(STYLESHEET, lambda body: body + f"\n{rule}\n".encode())


def _on_key(condition: str) -> Fault:
    """A key press that comes to nothing."""
    listener = f'document.addEventListener("keydown", (event) => {{ if ({condition}) event.preventDefault(); }}, true);'
    return script((BEGIN, f"  {listener}\n{BEGIN}"))


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
