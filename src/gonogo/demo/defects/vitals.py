"""How each defect of Web Vitals is done to the running demo, one entry a defect."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from gonogo.demo.defects.defect import Defect, browser
from gonogo.demo.defects.fault import Fault, Traffic, at_begin, content, replaced, script, slow
from gonogo.demo.site import FIELD, HERO, SCRIPT, STYLESHEET

REVEAL = "      figures.hidden = !figures.hidden;\n"
BLOCK = "for (const until = performance.now() + {ms}; performance.now() < until; );"
NEARLY = "for (const until = window.event.timeStamp + 450; performance.now() < until; );"
"""Counted from the press itself: 450 ms and the frame that follows lie between 450 and 500, on a busy machine too."""
PROMOTION = 'element("p", { className: "promotion", textContent: "Ten percent off until Friday." })'
VEIL = """{ const veil = element("div");
    Object.assign(veil.style, { position: "fixed", top: "0", left: "0", width: "100vw", height: "500px", zIndex: "-1", background: "#f4f6fb" });
    document.body.append(veil);
    setTimeout(() => { veil.style.top = "180px"; setTimeout(() => veil.remove(), 400); }, 250); }"""
"""On a desktop it shifts (500 + 180) / 940 of the viewport by 180 / 1350 of its width: 0.0965."""
AFTER_PAINT = "requestAnimationFrame(() => setTimeout(() => {{ {statement} }}, 200));"


def _cold_start(seconds: float) -> Fault:
    """As with functions that are scaled to nothing: whoever comes after a pause waits for the start."""

    async def detour(request: Request, traffic: Traffic) -> Response | None:
        if request.url.path == "/" and traffic.idle_s("/") > 0.25:
            await asyncio.sleep(seconds)
        return None

    return Fault(detour=detour)


def _heavy(body: bytes) -> bytes:
    """The picture with 400 kB of an editor's metadata left in it."""
    dice = random.Random(11)  # noqa: S311 - filler
    noise = "".join(dice.choices(string.ascii_letters + string.digits, k=400_000))
    return body.replace(b"</svg>", f"<metadata>{noise}</metadata></svg>".encode())


def _bloated(body: bytes) -> bytes:
    """The script with 800 kB of a data table that compresses to nothing."""
    return body + b"/* " + b"Europe/Lisbon;" * 57_000 + b"*/\n"


_PIXELS = "for (let at = 0; at < 40; at++) new Image().src = `/favicon.svg?${at}`;"
_TAGS = """for (let at = 0; at < 8; at++) fetch(settings.errors, { method: "POST", keepalive: true, credentials: "omit",
    body: JSON.stringify({ release: settings.release, page: location.pathname, message: `tag ${at}`, source: "tags" }) });"""

VITALS_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "hero-slow": slow(HERO, 3.7),
        "styles-slow": slow(STYLESHEET, 2.05),
        "cold-start": _cold_start(1.2),
        "cold-start-near": _cold_start(0.74),
        "layout-shift": at_begin(f"setTimeout(() => document.body.prepend({PROMOTION}), 250);"),
        "layout-shift-near": at_begin(VEIL),
        "handler-slow": script((REVEAL, f"      {BLOCK.format(ms=700)}\n{REVEAL}")),
        "handler-near": script((REVEAL, f"      {NEARLY}\n{REVEAL}")),
        "script-blocks": at_begin(AFTER_PAINT.format(statement=BLOCK.format(ms=900))),
        "image-heavy": content(HERO, _heavy),
        "script-bloated": content(SCRIPT, _bloated),
        "requests-many": at_begin(_PIXELS),
        "tags-many": at_begin(_TAGS),
        "field-lcp-slow": content(FIELD, replaced(b'"p75": 1900', b'"p75": 4100')),
        "field-layout-shift": content(FIELD, replaced(b'"p75": "0.04"', b'"p75": "0.31"')),
        "field-reaction-slow": content(FIELD, replaced(b'"p75": 120', b'"p75": 510')),
    }
)


VITALS_DEFECTS: tuple[Defect, ...] = (
    browser("hero-slow", "The largest picture takes 3.7 s", "vitals.loading.lcp"),
    browser("styles-slow", "The style sheet takes two seconds", "vitals.loading.fcp"),
    browser("cold-start", "The first page after a pause takes 1.2 s", "vitals.loading.ttfb"),
    browser("cold-start-near", "The first page after a pause takes 0.74 s", "vitals.headroom.ttfb"),
    browser("layout-shift", "A late promotion pushes the page down", "vitals.stability.cls"),
    browser("layout-shift-near", "A late line pushes the page down a little", "vitals.headroom.medians"),
    browser("handler-slow", "A button blocks the page for 700 ms", "vitals.responsiveness.inp"),
    browser("handler-near", "A button blocks the page for 450 ms", "vitals.headroom.inp"),
    browser("script-blocks", "A script blocks the page for 900 ms after it has shown", "vitals.responsiveness.tbt"),
    browser("image-heavy", "The largest picture weighs 400 kB", "vitals.weight.bytes"),
    browser("script-bloated", "The script holds 800 kB that compress well", "vitals.weight.uncompressed"),
    browser("requests-many", "The page asks for forty pictures of a pixel", "vitals.weight.requests"),
    browser("tags-many", "The page sends eight messages to a third party", "vitals.weight.third-party"),
    browser("field-lcp-slow", "Real visitors wait 4.1 s for the main content", "vitals.field.lcp"),
    browser("field-layout-shift", "Pages shift for real visitors", "vitals.field.cls"),
    browser("field-reaction-slow", "Pages react slowly to real visitors", "vitals.field.inp"),
)
