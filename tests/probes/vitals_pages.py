"""Pages with a known truth: what is injected decides what LCP, FCP, TTFB, CLS, TBT and INP must be."""

from __future__ import annotations

from dataclasses import dataclass, field

DESKTOP, MOBILE = (1350, 940), (412, 823)
HEAD = "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>t</title>"
BUSY = "const busy = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };"


@dataclass(frozen=True)
class Page:
    """One page, its slow resources, and the truth by metric (milliseconds; CLS without unit)."""

    name: str
    html: str
    truth: dict[str, float]
    delay: float = 0.0
    """Seconds before the document is answered."""
    images: dict[str, float] = field(default_factory=dict)
    """Seconds before each image is answered."""
    presses: tuple[tuple[str, str], ...] = ()
    device: str = "desktop"

    @property
    def path(self) -> str:
        return f"/{self.name.replace(' ', '-')}"


def shift(impact_px: float, distance_px: float, viewport: tuple[int, int]) -> float:
    """One layout shift of something as wide as the viewport (Layout Instability §4): share of the viewport that is
    touched before or after, times the distance as a share of its larger side."""
    return impact_px / viewport[1] * distance_px / max(viewport)


def _block(script: str, height: int = 400) -> str:
    return (
        f"{HEAD}<body style='margin:0'><div id=push></div><div id=block style='height:{height}px;background:#08c'>x</div>"
        f"<script>const to = (px, after) => setTimeout(() => push.style.height = px + 'px', after); onload = () => {{ {script} }};</script>"
    )


def _busy(script: str) -> str:
    return f"{HEAD}<p>text<script>{BUSY} onload = () => {{ {script} }};</script>"


def _handler(busy_ms: int, event: str = "click", tag: str = "button") -> str:
    return (
        f"{HEAD}<p>text</p><{tag} id=press>press</{tag}><p id=out>-</p>"
        f"<script>{BUSY} press.addEventListener('{event}', () => {{ busy({busy_ms}); out.textContent += '+'; }});</script>"
    )


IMAGE = "<img id=hero src=/{0}.png width=800 height=600>"
LATE_TEXT = "'many words that fill lines '.repeat(60)"
CLICK = (("interact", "#press"),)

PAGES = (
    Page("late image", f"{HEAD}<p>text{IMAGE.format('late')}", {"lcp_ms": 1200}, images={"/late.png": 1.2}),
    Page("slow server", f"{HEAD}<h1>text</h1>", {"lcp_ms": 900, "fcp_ms": 900, "ttfb_ms": 900}, delay=0.9),
    Page(
        "slow server and late image",
        f"{HEAD}<p>text{IMAGE.format('later')}",
        {"lcp_ms": 1600, "ttfb_ms": 600, "fcp_ms": 600},
        delay=0.6,
        images={"/later.png": 1.0},
    ),
    Page(
        "late text",
        f"{HEAD}<p>text<script>setTimeout(() => document.body.append({LATE_TEXT}), 1500 - performance.now());</script>",
        {"lcp_ms": 1500, "cls": 0},
    ),
    Page("one shift", _block("to(100, 250)"), {"cls": shift(500, 100, DESKTOP)}),
    Page(
        "two shifts in a window",
        _block("to(100, 200); to(160, 500)"),
        {"cls": shift(500, 100, DESKTOP) + shift(460, 60, DESKTOP)},
    ),
    Page(
        "two shifts apart",
        _block("to(100, 100); to(160, 1400)"),
        {"cls": max(shift(500, 100, DESKTOP), shift(460, 60, DESKTOP))},
    ),
    Page("shift on a phone", _block("to(120, 900)", 300), {"cls": shift(420, 120, MOBILE)}, device="mobile"),
    Page("long task", _busy("setTimeout(() => busy(300), 300)"), {"tbt_ms": 250}),
    Page(
        "three tasks",
        _busy("setTimeout(() => busy(200), 300); setTimeout(() => busy(20), 700); setTimeout(() => busy(350), 900)"),
        {"tbt_ms": 450},
    ),
    Page(
        "task before the paint",
        f"{HEAD}<script>{BUSY} busy(400)</script><h1>text</h1>",
        {"tbt_ms": 0},
    ),
    Page("quick press", _handler(60), {"inp_ms": 60}, presses=CLICK),
    Page("slow press", _handler(250), {"inp_ms": 250, "cls": 0}, presses=CLICK),
    Page("slow key", _handler(120, "keydown", "input"), {"inp_ms": 120}, presses=(("keystroke", "a #press"),)),
    Page(
        "slowest of three presses",
        f"{HEAD}<p>text</p><button id=one>1</button><button id=two>2</button><p id=out>-</p><script>{BUSY}"
        "const on = (element, ms) => element.onclick = () => { busy(ms); out.textContent += '+'; };"
        "on(one, 20); on(two, 180);</script>",
        {"inp_ms": 180},
        presses=(("interact", "#one"), ("interact", "#two"), ("interact", "#one")),
    ),
)


def agrees(metric: str, value: float, truth: float) -> bool:
    """As close as the project promises to be."""
    off = abs(value - truth)
    if metric == "cls":
        return off <= 0.001
    if metric == "inp_ms":
        return off <= 8 + 16
    if metric == "tbt_ms":
        return off <= 0.1 * truth
    return off <= max(0.1 * truth, 50)
