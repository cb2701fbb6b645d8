"""From a run's directory to what the report writers show: evidence in a few lines, results, cards."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from gonogo import rundir, wcag
from gonogo.catalogue import catalogue
from gonogo.environment.models import Environment, Vitals
from gonogo.evidence.behaviour import JourneySeen
from gonogo.evidence.facts import Burst, Catalogue, Exchange, Load, LoadRun, TlsFacts, Visit, from_json
from gonogo.evidence.records import Evidence, FailureKind, Json, PlanEntry
from gonogo.evidence.trips import Trip
from gonogo.formats.latency import percentile
from gonogo.gate.encode import verdict_json
from gonogo.gate.model import Verdict
from gonogo.host_policies import host_policies, unvalued
from gonogo.inventories import inventories
from gonogo.nouns.vitals import budgets_of
from gonogo.probes.browser.measure import MOST_COVERED
from gonogo.reports.measured import MeasuredVisit
from gonogo.reports.model import Attached, EvidenceSummary, Point, Report
from gonogo.reports.waterfall import Film, Shot, Waterfall, first_loads
from gonogo.result import Outcome, Result
from gonogo.undecided import undecided

MAX_LINES = 40
MAX_LINE = 300
MAX_IMAGE = 1_500_000
"""Bytes of a screenshot that is put into the page."""
MAX_ATTACHED = 20
"""Files of one record that are told."""
MAX_FILM = 60_000
"""Bytes of the pictures of one page's film."""


def _clip(lines: list[str]) -> str:
    shown = [line[:MAX_LINE] for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(f"… and {len(lines) - MAX_LINES} more lines")
    return "\n".join(shown)


def _exchange(evidence: Evidence) -> tuple[str, str]:
    found = from_json(Exchange, evidence.facts or {})
    head = [f"{found.method} {found.url}", f"{found.http_version} {found.status} from {found.address}"]
    head += [f"{name}: {unvalued(value) if name.lower() == 'set-cookie' else value}" for name, value in found.headers]
    timings = found.timings
    phases = [
        ("dns", timings.dns),
        ("connect", timings.connect),
        ("tls", timings.tls),
        ("first byte", timings.first_byte),
        ("total", timings.total),
    ]
    head.append("")
    head.append(" · ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in phases if seconds is not None))
    return f"{found.method} {found.url} as {found.role}", _clip(head)


def _tls(evidence: Evidence) -> tuple[str, str]:
    found = from_json(TlsFacts, evidence.facts or {})
    lines = []
    for shake in found.handshakes:
        lines.append(
            f"{shake.address}: {shake.version} {shake.cipher} alpn={shake.alpn or 'none'}; older versions: {shake.legacy}"
        )
        groups = ", ".join(f"{name} {said}" for name, said in shake.offers.groups)
        lines.append(f"  {groups}; OCSP staple {shake.offers.stapled}; without SNI: {shake.offers.unnamed}")
        lines += [
            f"  {one.subject} ({one.key}, {one.not_before} to {one.not_after})"
            for one in shake.verified or shake.presented
        ]
        if shake.verified:
            first, last = (min(one.not_after for one in chain) for chain in (shake.presented, shake.verified))
            lines.append(f"  earliest end: {first} of what was sent, {last} of the verified chain")
        if why := shake.error or shake.second_error:
            lines.append(f"  not verified: {why}")
    lines += [f"{address}: no handshake: {why}" for address, why in found.dead]
    lines += [f"{address}: this machine has no route to it" for address in found.unrouted]
    return f"TLS handshake with {found.host}:{found.port}", _clip(lines)


def _visit(evidence: Evidence) -> tuple[str, str]:
    found = from_json(Visit, evidence.facts or {})
    lines = [f"{found.browser}, {found.device} {found.viewport[0]}×{found.viewport[1]}"]
    for shot in found.snapshots:
        names = ", ".join(cookie.name for cookie in shot.cookies) or "none"
        lines.append(
            f"{shot.label}: banner {'visible' if shot.banner.visible else 'not visible'}; cookies: {names}; {shot.requests} requests"
        )
    lines += _journey(found.journey) if found.journey else []
    lines += wcag.summary(found.accessibility) if found.accessibility else []
    lines += [f"problem: {problem}" for problem in found.problems]
    lines += [f"{one.level}: {one.text}" for one in found.console]
    lines += [f"{one.method} {one.status or one.failure} {one.type} {one.bytes} B {one.url}" for one in found.requests]
    lines[1:1] = _measured(found)
    return _asked(evidence), _clip(lines)


def _journey(journey: JourneySeen) -> list[str]:
    """Each step."""
    lines = [f"journey {journey.name}: {len(journey.steps)} steps, {journey.seconds:.1f} s"]
    lines += [f"  {step.seconds:.2f} s {step.text}{f': {step.error}' if step.error else ''}" for step in journey.steps]
    return lines


_METRICS = (
    ("LCP", "lcp_ms"),
    ("FCP", "fcp_ms"),
    ("TTFB", "ttfb_ms"),
    ("TBT", "tbt_ms"),
    ("INP", "inp_ms"),
    ("FID", "fid_ms"),
)


def _measured(visit: Visit) -> list[str]:
    """What a measured visit found, and under which conditions."""
    lines = []
    for load in visit.loads:
        told = [(name, getattr(load.vitals, metric)) for name, metric in _METRICS]
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


def _points(load: Load, limits: Vitals | None) -> tuple[Point, ...]:
    """What is drawn of a load; FID is retired and has no budget."""
    points = [
        Point(name, value, getattr(limits, metric) if limits else None, "ms")
        for name, metric in _METRICS
        if metric != "fid_ms" and (value := getattr(load.vitals, metric)) is not None
    ]
    if load.vitals.cls is not None:
        points.append(Point("CLS", load.vitals.cls, limits.cls if limits else None, ""))
    return tuple(points)


def _failure(evidence: Evidence) -> str:
    """Why there are no facts; a repetition that was not needed has not failed."""
    failure = evidence.failure
    if failure is None or failure.kind is FailureKind.UNNEEDED:
        return ""
    return f"{failure.kind}: {failure.message}"[:1000]


Plots = tuple[tuple[str, tuple[Point, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What is drawn of a measured visit."""

    plots: Plots = ()
    waterfalls: tuple[Waterfall, ...] = ()
    """Of a first run."""
    film: Film | None = None
    """Of a warm-up."""
    measured: MeasuredVisit | None = None


def _drawn(evidence: Evidence, title: str, environment: Environment, folder: Path) -> _Drawn:
    request = evidence.request
    if not request.get("measure"):
        return _Drawn()
    visit = from_json(Visit, evidence.facts) if evidence.facts is not None else None
    page = _page(request, environment)
    measured = _conditions(evidence, visit, page)
    if visit is None:
        return _Drawn(measured=measured)
    falls = first_loads(page, title, visit.loads) if request.get("run") == 1 else ()
    shots = _shots(visit, evidence.attachments, folder)
    return _Drawn(_plots(visit, request, environment), falls, Film(page, shots) if shots else None, measured)


def _conditions(evidence: Evidence, visit: Visit | None, page: str) -> MeasuredVisit:
    request = evidence.request
    planned = MeasuredVisit(
        page,
        run=int(request.get("run", 0)),
        warm_up=bool(request.get("coverage")),
        pressed=any(step["action"] in {"interact", "keystroke"} for step in request["steps"]),
        unneeded=evidence.failure is not None and evidence.failure.kind is FailureKind.UNNEEDED,
        failure=_failure(evidence),
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


def _attached(evidence: Evidence, screenshot: str, folder: Path) -> tuple[Attached, ...]:
    """What a visit left beside its record that its screenshot does not show: broken elements, a failed journey's trace."""
    if evidence.request.get("probe") != "browser" or evidence.facts is None:
        return ()
    visit = from_json(Visit, evidence.facts)
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
        Attached(name, said, b"" if name == screenshot else _picture(folder / Path(name).name))
        for name, said in told.items()
        if name in evidence.attachments
    )[:MAX_ATTACHED]


def _picture(path: Path) -> bytes:
    """Empty for what is no picture, is gone or is too large to be put into the page."""
    fits = path.suffix in {".png", ".jpg"} and path.is_file() and path.stat().st_size <= MAX_IMAGE
    return path.read_bytes() if fits else b""


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


def _database(evidence: Evidence) -> tuple[str, str]:
    found = from_json(Catalogue, evidence.facts or {})
    lines = [
        f"PostgreSQL {found.server_version}, database {found.database}, role {found.role}, {found.tls or 'not encrypted'}; without TLS: {found.plaintext}",
        f"connected in {found.connect_ms:.1f} ms, round trip {found.round_trip_ms:.2f} ms, {found.connections} of {found.max_connections} connections",
        f"migrations: {', '.join(found.applied_migrations) if found.applied_migrations else found.migrations_error or 'none'}",
    ]
    lines += [
        f"{table.name}: {len(table.columns)} columns; indexes {', '.join(index.name for index in table.indexes) or 'none'}"
        for table in found.tables
    ]
    lines += [
        f"query {query.name}: {max(query.samples_ms):.1f} ms at most" for query in found.queries if query.samples_ms
    ]
    return f"Catalogue of database {evidence.request.get('database')}", _clip(lines)


def _trip(evidence: Evidence) -> str:
    found = from_json(Trip, evidence.facts or {})
    lines = [f"tag {found.tag}"]
    lines += [f"{one.name}: {one.what} {one.problem or one.status or ''}".rstrip() for one in found.sent]
    for look in found.looks:
        outcome = look.problem or (f"{look.wanted}" if look.met else f"not {look.wanted}")
        lines.append(f"{look.name}: {outcome} after {look.seconds:.1f} s")
        lines += [f"  {name}: {value}" for name, value in look.columns]
    return _clip(lines)


def _load(evidence: Evidence, environment: Environment) -> tuple[str, str, tuple[Point, ...]]:
    found = from_json(LoadRun, evidence.facts or {})
    # Load that was not made as promised proves nothing, so what it measured is held to no limit.
    limit = next((one.p95_ms for one in environment.load if one.name == found.profile and found.healthy), None)
    lines = [
        f"{found.sent} of {found.planned} requests sent, {found.dropped} dropped, {found.achieved_rate:.1f} of {found.planned_rate:g} per second",
        f"generator used {100 * found.generator_cpu:.0f} % of a core; {found.stop_reason}; {found.unhealthy_reason or 'healthy'}",
    ]
    lines += [f"{count} × {kind}" for kind, count in found.errors]
    points = []
    for series in found.series:
        if series.requests and sum(count for _, count in series.histogram):
            for share in (0.5, 0.95, 0.99):
                value = percentile(series.histogram, share, total=series.requests)
                if value != float("inf"):
                    if series is found.series[0]:
                        points.append(Point(f"p{100 * share:g}", value, limit if share == 0.95 else None, "ms"))
                    lines.append(
                        f"{series.name}: p{100 * share:g} {value:.0f} ms of {series.requests} requests, {series.failures} failed"
                    )
    title = f"Load profile {found.profile}{'' if found.healthy else ', not usable'}"
    return title, _clip(lines), tuple(points)


def _burst(evidence: Evidence) -> str:
    found = from_json(Burst, evidence.facts or {})
    statuses = " ".join(str(one.status) for one in found.answers)
    last = found.answers[-1].headers if found.answers else ()
    lines = [f"{len(found.answers)} requests in {found.seconds:.2f} s: {statuses}", "headers of the last answer:"]
    return _clip([*lines, *(f"{name}: {value}" for name, value in last)])


def _asked(evidence: Evidence) -> str:
    """What was asked."""
    request = evidence.request
    match request.get("probe"):
        case "http":
            return f"{request.get('method')} {request.get('url')} as {request.get('role')}"
        case "tls":
            return f"TLS handshake with {request.get('host')}:{request.get('port')}"
        case "browser":
            run = f", run {request['run']}" if request.get("run") else ""
            unneeded = evidence.failure is not None and evidence.failure.kind is FailureKind.UNNEEDED
            return f"Browser visit: {request.get('name')}{run}{', not needed' if unneeded else ''}"
        case "database":
            return f"Catalogue of database {request.get('database')}"
        case "burst":
            return f"GET {request.get('url')}, up to {request.get('count')} times"
        case "trip":
            return f"Round trip: {request.get('name')}"
        case _:
            return f"Load profile {request.get('profile')}"


def summarise(evidence: Evidence, environment: Environment, folder: Path) -> EvidenceSummary:
    """One record in a few lines. Raises ValueError when its facts are not of its probe."""
    probe = str(evidence.request.get("probe", ""))
    title, excerpt = _asked(evidence), ""
    points: tuple[Point, ...] = ()
    if evidence.facts is not None:
        match probe:
            case "http":
                title, excerpt = _exchange(evidence)
            case "tls":
                title, excerpt = _tls(evidence)
            case "browser":
                title, excerpt = _visit(evidence)
            case "database":
                title, excerpt = _database(evidence)
            case "burst":
                title, excerpt = _asked(evidence), _burst(evidence)
            case "trip":
                title, excerpt = _asked(evidence), _trip(evidence)
            case _:
                title, excerpt, points = _load(evidence, environment)
    pictures = (name for name in evidence.attachments if name.endswith((".png", ".jpg")) and ".film-" not in name)
    screenshot = next(pictures, "")
    image = _picture(folder / screenshot) if screenshot and evidence.request.get("lane") == "browser" else b""
    seconds = (datetime.fromisoformat(evidence.ended) - datetime.fromisoformat(evidence.started)).total_seconds()
    drawn = _drawn(evidence, title, environment, folder)
    failure = _failure(evidence)
    return EvidenceSummary(
        id=evidence.id,
        probe=probe,
        title=title[:MAX_LINE],
        started=evidence.started,
        seconds=seconds,
        failure=failure,
        screenshot=screenshot,
        excerpt=excerpt if failure or not evidence.failure else evidence.failure.message,
        plot=points,
        plots=drawn.plots,
        waterfalls=drawn.waterfalls,
        film=drawn.film,
        measured=drawn.measured,
        image=image,
        attached=_attached(evidence, screenshot, folder),
    )


def report_of(run: Path, environment: Environment, verdict: Verdict, *, scrub: Callable[[str], str]) -> Report:
    """Everything the writers need, read from the run's directory. Raises RunUnreadable, OSError, ValueError."""
    shard = rundir.read(run)
    results = list(shard.results)
    cards = {name: entry.card for name, entry in catalogue().items()}
    reported = {result.key for result in results}
    for check, subject, reason in shard.intent.not_applicable if shard.intent else ():
        if (check, subject) not in reported and check in cards:
            results.append(Result(check, subject, Outcome.NOT_APPLICABLE, cards[check].severity, reason=reason))
    summaries = {}
    records = []
    for path in sorted((run / "evidence").glob("*.json")):
        evidence = Evidence.from_json(json.loads(path.read_text(encoding="utf-8")))
        records.append(evidence)
        summaries[evidence.id] = summarise(evidence, environment, run / "evidence")
    plan: tuple[PlanEntry, ...] = ()
    if (run / "plan.json").is_file():
        planned = json.loads((run / "plan.json").read_text(encoding="utf-8"))
        plan = tuple(PlanEntry(**{**entry, "does": tuple(entry.get("does", ()))}) for entry in planned)
    document = json.loads(scrub(json.dumps(verdict_json(verdict))))
    try:
        shown = str(run.relative_to(Path.cwd()))
    except ValueError:
        shown = str(run)
    return Report(
        verdict=document,
        results=tuple(results),
        cards=cards,
        evidence=summaries,
        title=environment.title or environment.name,
        tier=environment.tier.value,
        name=environment.name,
        plan=plan,
        folder=shown,
        hosts=host_policies(environment, records, results),
        inventories=inventories(environment, records),
        undecided=undecided(environment, records),
    )
