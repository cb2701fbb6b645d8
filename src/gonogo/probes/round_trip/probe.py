"""The trip probe: something is sent with the run's own tag, and looked for until it is there, or gone.

It is sent once: a failure after that is part of what was seen, never a reason to send again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import anyio

from gonogo.environment.model import Tier
from gonogo.environment.sections.errors import Alerts, Row, Sending
from gonogo.environment.sections.privacy import Trace
from gonogo.errors import EvidenceMissing, GuardRefused
from gonogo.evidence.records import SAFE_METHODS, FailureKind, Lane, identity
from gonogo.formats import json_pointer, json_text
from gonogo.formats.polling import pauses
from gonogo.probes.browser.facts import Visit
from gonogo.probes.browser.request import VisitRequest
from gonogo.probes.context import Context
from gonogo.probes.database import postgres_rows
from gonogo.probes.http import probe as http
from gonogo.probes.http.facts import Exchange
from gonogo.probes.http.request import HttpRequest
from gonogo.probes.round_trip.facts import Look, Sent, Trip
from gonogo.probes.round_trip.request import TripRequest

BLOCKED = "blocked: method"
"""The browser's words where our own guard stopped a page's request; see browser/boundary.py."""
Holds = Callable[[Exchange], bool | str]
"""Whether an answer holds the tag, or why it cannot tell."""
_ID = re.compile(r"[A-Za-z0-9._~@-]{1,200}")
"""What may stand in a path without being escaped, and leads nowhere else."""


async def gather(request: TripRequest, context: Context) -> Trip:
    """Make a declared trip.

    Raises EvidenceMissing while nothing has been sent: `guard`, what the http probe or the visit raises, and `invalid`
    when nothing could be thrown. Anything later is told by the facts.
    """
    if request.name == "errors":
        return await _errors(request, context)
    if request.name == "deletion":
        return await _deletion(context, identity(request))
    raise EvidenceMissing(FailureKind.INVALID, f"there is no trip {request.name!r}")


async def _errors(request: TripRequest, context: Context) -> Trip:
    declared = context.environment.error_round_trip
    if declared is None:
        raise EvidenceMissing(FailureKind.INVALID, "the environment declares no error_tracking.round_trip")
    ours = identity(request)
    if request.visit is not None:
        tag, sent = await _thrown(request.visit, context)
    elif declared.request is not None:
        tag = context.tag
        sent, _ = await _send("request", declared.request, (tag, ""), context, ours)
    else:
        raise EvidenceMissing(FailureKind.INVALID, "neither a request nor a visit raises the error")
    if not sent.taken:
        return Trip(tag, (sent,), ())
    looks: list[Look] = []

    async def row(place: Row, within_s: float, columns: tuple[str, ...]) -> None:
        looks.append(await _row("row", place, tag, context, there=True, within_s=within_s, columns=columns))

    async def alert(place: Alerts) -> None:
        looks.append(await _alert(place, tag, context, ours))

    async with anyio.create_task_group() as group:
        if declared.row is not None:
            named = tuple(filter(None, (declared.row.release, declared.row.environment)))
            group.start_soon(row, declared.row, declared.row.within_s, named)
        if declared.alert is not None:
            group.start_soon(alert, declared.alert)
    return Trip(tag, (sent,), tuple(sorted(looks, key=lambda look: look.name)))


async def _thrown(request: VisitRequest, context: Context) -> tuple[str, Sent]:
    """The tag of the error that was thrown in a visit, once that is over."""
    evidence = await context.fetch(request)
    if evidence.failure is not None:
        raise EvidenceMissing(evidence.failure.kind, evidence.failure.message)
    visit = evidence.seen(Visit)
    if not visit.thrown:
        raise EvidenceMissing(FailureKind.INVALID, f"no error was thrown: {'; '.join(visit.problems) or 'no step'}")
    stopped = [one.url for one in visit.requests if one.failure == BLOCKED and not one.third_party]
    if stopped:
        raise GuardRefused(
            f"the page's own report to {stopped[0][:150]} was stopped: tier production allows "
            f"{', '.join(sorted(SAFE_METHODS))} only; `limits.allow_methods` opts in, `provoke = false` leaves it out"
        )
    return visit.thrown, Sent("page", request.url, 0, taken=True)


async def _deletion(context: Context, ours: str) -> Trip:
    environment = context.environment
    declared = environment.deletion
    if declared is None:
        raise EvidenceMissing(FailureKind.INVALID, "the environment declares no privacy.deletion")
    if environment.tier is Tier.PRODUCTION:
        raise GuardRefused("privacy.deletion: nobody is made or deleted on tier production, whatever it allows")
    for sending in (declared.create, declared.ask):
        context.guard.check(sending.method, f"{environment.api_origin}{sending.path}")
    tag, within_s = context.tag, declared.within_s
    created, answer = await _send("create", declared.create, (tag, ""), context, ours)
    if not created.taken:
        return Trip(tag, (created,), ())
    person = _person(answer, declared.id_pointer)
    if isinstance(person, EvidenceMissing):
        return Trip(tag, (created, Sent("ask", "", 0, taken=False, problem=str(person))), ())
    named = (tag, person)
    before = await _traces(declared.traces, named, context, ours, there=True, within_s=within_s)
    try:
        asked, _ = await _send("ask", declared.ask, named, context, ours)
    except EvidenceMissing as missing:
        # Not raised: a failure to connect would be tried again, and make another person.
        asked = Sent("ask", "", 0, taken=False, problem=str(missing))
    after: list[Look] = []
    if asked.taken:
        after = await _traces(declared.traces, named, context, ours, there=False, within_s=within_s)
    return Trip(tag, (created, asked), (*before, *after))


def _person(answer: Exchange, pointer: str) -> str | EvidenceMissing:
    if not pointer:
        return ""
    try:
        found = str(json_pointer.resolve(json_text.parse(answer.body), pointer))
    except (json_text.NotJson, LookupError):
        return EvidenceMissing(FailureKind.INVALID, f"the answer to `create` has no id at {pointer}")
    if not _ID.fullmatch(found):
        return EvidenceMissing(FailureKind.INVALID, f"the id at {pointer} is {found[:60]!r}, which fits no path")
    return found


# --- sending ---


def _filled(text: str, named: tuple[str, str]) -> str:
    return text.replace("{tag}", named[0]).replace("{id}", named[1])


async def _send(
    name: str, sending: Sending, named: tuple[str, str], context: Context, ours: str
) -> tuple[Sent, Exchange]:
    """Raises EvidenceMissing as the http probe does."""
    headers = (("Content-Type", sending.content_type),) if sending.body else ()
    url = f"{context.environment.api_origin}{_filled(sending.path, named)}"
    request = HttpRequest(url, sending.method, sending.role, headers, Lane.TRIP)
    body = _filled(sending.body, named).encode()
    answer = await http.gather(request, context, evidence_id=ours, body=body)
    taken = answer.status in sending.status if sending.status else 200 <= answer.status < 300
    return Sent(name, f"{sending.method} {url}", answer.status, taken), answer


# --- looking ---


async def _row(
    name: str, row: Row, tag: str, context: Context, *, there: bool, within_s: float, columns: tuple[str, ...] = ()
) -> Look:
    wanted = "there" if there else "gone"
    try:
        seen = await postgres_rows.watch(row, tag, context, there=there, within_s=within_s, columns=columns)
    except EvidenceMissing as missing:
        return Look(name, wanted, met=False, seconds=0.0, problem=str(missing))
    return Look(name, wanted, seen.met, seen.seconds, "", seen.columns)


async def _alert(place: Alerts, tag: str, context: Context, ours: str) -> Look:
    request = HttpRequest(place.url, role=place.role, lane=Lane.TRIP)

    def holds(answer: Exchange) -> bool | str:
        if not 200 <= answer.status < 300:
            return f"it answered {answer.status}"
        try:
            messages = json_pointer.resolve(json_text.parse(answer.body), place.pointer)
        except json_text.NotJson:
            return "it answered something that is not JSON"
        except LookupError:
            return f"nothing stands at {place.pointer}"
        return tag in json.dumps(messages, ensure_ascii=False)

    return await _asked("alert", request, holds, context, ours, there=True, within_s=place.within_s)


async def _traces(
    traces: Sequence[Trace], named: tuple[str, str], context: Context, ours: str, *, there: bool, within_s: float
) -> list[Look]:
    """All places side by side, in the order declared."""
    seen: dict[str, Look] = {}

    async def look(trace: Trace) -> None:
        if trace.row is not None:
            one = await _row(trace.name, trace.row, named[0], context, there=there, within_s=within_s)
        else:
            url = f"{context.environment.api_origin}{_filled(str(trace.path), named)}"
            request = HttpRequest(url, role=trace.role, lane=Lane.TRIP)

            def holds(answer: Exchange) -> bool | str:
                if 200 <= answer.status < 300:
                    return named[0] in answer.body
                return False if answer.status in trace.gone else f"it answered {answer.status}"

            one = await _asked(trace.name, request, holds, context, ours, there=there, within_s=within_s)
        seen[trace.name] = one

    async with anyio.create_task_group() as group:
        for trace in traces:
            group.start_soon(look, trace)
    return [seen[trace.name] for trace in traces]


async def _asked(
    name: str,
    request: HttpRequest,
    holds: Holds,
    context: Context,
    ours: str,
    *,
    there: bool,
    within_s: float,
) -> Look:
    """Ask again and again until the answer is as wanted."""
    wanted = "there" if there else "gone"
    began = anyio.current_time()
    said: bool | str = ""
    for pause in (*pauses(within_s), None):
        try:
            said = holds(await http.gather(request, context, evidence_id=ours))
        except EvidenceMissing as missing:
            said = str(missing)
        seconds = anyio.current_time() - began
        if said is there:
            return Look(name, wanted, met=True, seconds=seconds)
        if pause is None or seconds > within_s:
            break
        await anyio.sleep(pause)
    return Look(name, wanted, met=False, seconds=seconds, problem=said if isinstance(said, str) else "")
