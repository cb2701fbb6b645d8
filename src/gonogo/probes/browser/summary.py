"""A visit in a few lines, with its pictures."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence, FailureKind, Lane
from gonogo.evidence.summary import Attached, Summary, clip
from gonogo.probes.browser.accessibility import Accessibility
from gonogo.probes.browser.behaviour import JourneySeen
from gonogo.probes.browser.facts import METRICS, Visit

MAX_IMAGE = 1_500_000
"""Bytes of a screenshot that is put into the page."""


MAX_ATTACHED = 20
"""Files of one record that are told."""


def summary(evidence: Evidence, environment: Environment, folder: Path) -> Summary:  # noqa: ARG001 - one shape for all kinds
    """Snapshots, steps, messages and requests of a visit, its picture, and what it left beside its record."""
    request = evidence.request
    run = f", run {request['run']}" if request.get("run") else ""
    unneeded = evidence.failure is not None and evidence.failure.kind is FailureKind.UNNEEDED
    title = f"Browser visit: {request.get('name')}{run}{', not needed' if unneeded else ''}"
    pictures = (name for name in evidence.attachments if name.endswith((".png", ".jpg")) and ".film-" not in name)
    screenshot = next(pictures, "")
    # Pictures of measured visits are of no use beside their film.
    image = picture(folder / screenshot) if screenshot and request.get("lane") == Lane.BROWSER else b""
    if evidence.facts is None:
        return Summary(title, screenshot=screenshot, image=image)
    found = evidence.seen(Visit)
    attached = _attached(found, evidence.attachments, screenshot, folder)
    return Summary(title, _excerpt(found), screenshot=screenshot, image=image, attached=attached)


def _excerpt(found: Visit) -> str:
    lines = [f"{found.browser}, {found.device} {found.viewport[0]}×{found.viewport[1]}"]
    for shot in found.snapshots:
        names = ", ".join(cookie.name for cookie in shot.cookies) or "none"
        lines.append(
            f"{shot.label}: banner {'visible' if shot.banner.visible else 'not visible'}; cookies: {names}; {shot.requests} requests"
        )
    lines += _journey(found.journey) if found.journey else []
    lines += accessibility_lines(found.accessibility) if found.accessibility else []
    lines += [f"problem: {problem}" for problem in found.problems]
    lines += [f"{one.level}: {one.text}" for one in found.console]
    lines += [f"{one.method} {one.status or one.failure} {one.type} {one.bytes} B {one.url}" for one in found.requests]
    lines[1:1] = _measured(found)
    return clip(lines)


def _journey(journey: JourneySeen) -> list[str]:
    """Each step."""
    lines = [f"journey {journey.name}: {len(journey.steps)} steps, {journey.seconds:.1f} s"]
    lines += [f"  {step.seconds:.2f} s {step.text}{f': {step.error}' if step.error else ''}" for step in journey.steps]
    return lines


def _measured(visit: Visit) -> list[str]:
    """What a measured visit found, and under which conditions."""
    lines = []
    for load in visit.loads:
        told = [(name, getattr(load.vitals, metric)) for name, metric in METRICS]
        said = ", ".join(f"{name} {value:.0f} ms" for name, value in told if value is not None)
        lines.append(f"{load.state} load: {said}, CLS {load.vitals.cls}")
        if load.vitals.lcp_parts:
            lines.append("  LCP: " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in load.vitals.lcp_parts))
        lines += [f"  {what}" for what in (load.vitals.lcp_element, load.vitals.cls_element) if what]
    if visit.conditions is not None:
        at = visit.conditions
        slow = f"processor at 1/{at.cpu_slowdown:g}, " if at.cpu_slowdown != 1 else ""
        line = (
            f"{at.latency_ms:g} ms and {at.download_kbps:g} kbit/s"
            if at.latency_ms
            else "a line that is not slowed down"
        )
        lines.append(f"machine index {at.host_index:g}; {slow}{line}")
    lines += [f"unused: {one.unused} of {one.length} characters of the {one.type} {one.url}" for one in visit.coverage]
    return lines


def _attached(visit: Visit, attachments: Collection[str], screenshot: str, folder: Path) -> tuple[Attached, ...]:
    """What a visit left beside its record that its screenshot does not show: broken elements, a failed journey's trace."""
    told = {
        rule.screenshot: f"{rule.id}, {run.label}"
        for run in (visit.accessibility.axe if visit.accessibility else ())
        for rule in run.violations
        if rule.screenshot
    }
    for name in visit.journey.pictures if visit.journey else ():
        trace = name.endswith(".zip")
        told[name] = "The browser's trace, for `playwright show-trace`" if trace else "The page where the journey ended"
    return tuple(
        Attached(name, said, b"" if name == screenshot else picture(folder / Path(name).name))
        for name, said in told.items()
        if name in attachments
    )[:MAX_ATTACHED]


def picture(path: Path) -> bytes:
    """Empty for what is no picture, is gone or is too large to be put into the page."""
    fits = path.suffix in {".png", ".jpg"} and path.is_file() and path.stat().st_size <= MAX_IMAGE
    return path.read_bytes() if fits else b""


def accessibility_lines(seen: Accessibility) -> list[str]:
    """The evidence in lines for a reader; what axe-core could not decide stands apart from what it found."""
    lines = []
    for run in seen.axe:
        broken = ", ".join(f"{rule.id} {rule.count}" for rule in run.violations) or "none"
        size = f"{run.viewport[0]}×{run.viewport[1]}"
        lines.append(f"axe-core {run.version}, {run.label}, {size}, {run.frames} documents: violations: {broken}")
        if run.incomplete:
            open_ = ", ".join(f"{rule.id} {rule.count}" for rule in run.incomplete)
            lines.append(f"  not decided, for a person to look at: {open_}")
        lines += [f"  not judged: frame {frame}" for frame in run.unseen]
    for path in seen.paths:
        reached = f"after {path.reached} presses" if path.reached else f"not in {path.presses} presses"
        lines.append(
            f"Tab to {path.target}: {reached}, by {', '.join(stop.name or stop.element for stop in path.stops)}"
        )
    lines += [f"{one.label}: {one.content_px} px wide in a window of {one.width_px}" for one in seen.reflows]
    lines += [f"{one.label}: {len(one.animations)} movements" for one in seen.motions]
    return lines
