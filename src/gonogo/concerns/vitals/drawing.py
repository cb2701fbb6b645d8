"""What is drawn of a visit whose times are measured."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from gonogo.concerns.vitals.fixtures import budgets_of
from gonogo.concerns.vitals.measured import MeasuredVisit
from gonogo.concerns.vitals.report import Drawing
from gonogo.concerns.vitals.waterfall import Film, Shot, first_loads
from gonogo.environment.models import Environment
from gonogo.environment.sections.vitals import Vitals
from gonogo.evidence.records import Evidence, FailureKind, Json
from gonogo.evidence.summary import Point, failure_text
from gonogo.probes.browser.facts import METRICS, MOST_COVERED, Load, Visit

MAX_FILM = 60_000
"""Bytes of the pictures of one page's film."""


def _points(load: Load, limits: Vitals | None) -> tuple[Point, ...]:
    """What is drawn of a load; FID is retired and has no budget."""
    points = [
        Point(name, value, getattr(limits, metric) if limits else None, "ms")
        for name, metric in METRICS
        if metric != "fid_ms" and (value := getattr(load.vitals, metric)) is not None
    ]
    if load.vitals.cls is not None:
        points.append(Point("CLS", load.vitals.cls, limits.cls if limits else None, ""))
    return tuple(points)


Plots = tuple[tuple[str, tuple[Point, ...]], ...]


def drawn_of(evidence: Evidence, title: str, environment: Environment, folder: Path) -> tuple[Plots, Drawing | None]:
    """The numbers and what else is drawn of a visit whose times are measured."""
    request = evidence.request
    if not request.get("measure"):
        return (), None
    visit = evidence.seen(Visit) if evidence.facts is not None else None
    page = _page(request, environment)
    measured = _conditions(evidence, visit, page)
    if visit is None:
        return (), Drawing(measured=measured)
    falls = first_loads(page, title, visit.loads) if request.get("run") == 1 else ()
    shots = _shots(visit, evidence.attachments, folder)
    return _plots(visit, request, environment), Drawing(falls, Film(page, shots) if shots else None, measured)


def _conditions(evidence: Evidence, visit: Visit | None, page: str) -> MeasuredVisit:
    request = evidence.request
    planned = MeasuredVisit(
        page,
        run=int(request.get("run", 0)),
        warm_up=bool(request.get("coverage")),
        pressed=any(step["action"] in {"interact", "keystroke"} for step in request["steps"]),
        unneeded=evidence.failure is not None and evidence.failure.kind is FailureKind.UNNEEDED,
        failure=failure_text(evidence),
    )
    if visit is None:
        return planned
    return replace(
        planned,
        browser=visit.browser,
        device=visit.device,
        viewport=visit.viewport,
        conditions=visit.conditions,
        fid=tuple((load.state, load.vitals.fid_ms) for load in visit.loads),
        coverage=visit.coverage,
        cut=len(visit.coverage) >= MOST_COVERED,
    )


def _shots(visit: Visit, attachments: Collection[str], folder: Path) -> tuple[Shot, ...]:
    """The pictures of a film that are still there, as many as fit."""
    shots, left = [], MAX_FILM
    for frame in (frame for load in visit.loads[:1] for frame in load.frames if frame.picture in attachments):
        path = folder / Path(frame.picture).name
        if path.is_file() and (left := left - path.stat().st_size) >= 0:
            shots.append(Shot(frame.ms, path.read_bytes()))
    return tuple(shots)


def _page(request: Json, environment: Environment) -> str:
    """`/pricing`, or `/pricing on mobile` where that is not the environment's usual device."""
    path, device = _path(request), request.get("device")
    usual = not environment.vitals or device == environment.vitals.device
    return path if usual else f"{path} on {device}"


def _plots(visit: Visit, request: Json, environment: Environment) -> Plots:
    """For each load of a measured visit what is drawn of it; not of a warm-up, whose numbers are not judged."""
    if request.get("coverage"):
        return ()
    limits = budgets_of(environment.vitals, _path(request)) if environment.vitals else None
    where = _page(request, environment)
    stored = {"first": "", "stored": " with stored consent"}
    return tuple((f"Web Vitals of {where}{stored.get(load.state, '')}", _points(load, limits)) for load in visit.loads)


def _path(request: Json) -> str:
    return urlsplit(next((step["value"] for step in request["steps"] if step["action"] == "goto"), "")).path or "/"
