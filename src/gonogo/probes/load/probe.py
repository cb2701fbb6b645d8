"""The load probe: a fixed schedule of requests, sent by Locust in a process of its own.

Locust must never be imported by the process that runs pytest: it patches the standard library. The probe
starts `loadtests/locustfile.py`, gives it a job on standard input (credentials are in it, so it stands in no
argument and no file) and reads back a tally. A tally that is absent, cut short or does not account for every
request is no evidence.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import anyio
from anyio.abc import Process

import gonogo
from gonogo.door import sink
from gonogo.environment.sections.load import LoadProfile, LoadTarget
from gonogo.errors import EvidenceMissing
from gonogo.evidence.codec import from_json
from gonogo.evidence.records import identity
from gonogo.probes.context import Context
from gonogo.probes.http.probe import ca_path, trust
from gonogo.probes.load.facts import LoadRun, LoadSeries
from gonogo.probes.load.job import LATE_S, Job, Tally, Target, encode_job, request_head
from gonogo.probes.load.request import LoadRequest

GRACE_S = 20.0
"""For the start of the generator and the writing of its result, beside the schedule and the last answers."""
STOP_S = 2.0
"""From SIGTERM to SIGKILL."""
DRAIN_S = 5.0
"""Least time that the last answers are waited for."""
IN_FLIGHT = 500
"""Most requests that wait for an answer at once: a target that no longer answers is not buried further."""
MAX_CPU = 0.8
"""Of one core. Beyond it the generator's own queue is in the latencies (Locust itself warns at 0.9)."""
MIN_PUNCTUAL = 0.95
"""Least share of the requests that must leave when they are due."""
MAX_WORDS = 2000
"""Characters of the generator's last words that are kept."""


async def gather(request: LoadRequest, context: Context) -> LoadRun:
    """Run one declared load profile; its requests are not counted in `limits.requests`.

    A slow or failing target is what the run is to show, and raises nothing. Latency counts from the moment a
    request was due to its last byte; connections are opened within it, as a visitor's are. There is no
    warm-up, no retry and no redirect: each planned request leaves once, or is counted as dropped.

    Raises EvidenceMissing: guard (tier production without `limits.allow_load`, an undeclared host),
    unavailable (no Locust file, no CA bundle), deadline, crash (the generator died) and invalid (its result
    is not whole, or nothing was planned).
    """
    profile = _profile(request, context)
    environment = context.environment
    context.guard.permit(request)
    context.guard.check("GET", environment.site.url)
    with tempfile.TemporaryDirectory(prefix="gonogo-load-") as folder:
        job = _job(request, profile, context, Path(folder) / "tally.json")
        await _run(job, Path(folder) / "stderr", profile.duration_s + job.drain_s + GRACE_S)
        return _facts(profile, job, _read(job))


def locust_file() -> Path:
    """The Locust file: inside the package when installed from a wheel, at the root of a clone otherwise.

    Raises EvidenceMissing("unavailable") when there is none.
    """
    package = Path(gonogo.__file__).resolve().parent
    for folder in (package, package.parents[1]):
        if (file := folder / "loadtests" / "locustfile.py").is_file():
            return file
    raise EvidenceMissing("unavailable", "loadtests/locustfile.py is not there; install gonogo again")


def _profile(request: LoadRequest, context: Context) -> LoadProfile:
    for profile in context.environment.load:
        if profile.name == request.profile:
            if not profile.arrivals:
                raise EvidenceMissing("invalid", f"load profile {profile.name!r} plans no request at all")
            return profile
    known = ", ".join(profile.name for profile in context.environment.load) or "none"
    raise EvidenceMissing("invalid", f"load profile {request.profile!r} is not declared; known profiles: {known}")


def _job(request: LoadRequest, profile: LoadProfile, context: Context, result: Path) -> Job:
    environment = context.environment
    site = urlsplit(environment.site.url)
    timeout_s = environment.limits.request_timeout_s
    drain_s = min(timeout_s, max(DRAIN_S, 2 * profile.p95_ms / 1000))
    ca_file = ca_path(context)
    trust(ca_file)
    job = Job(
        url=f"{site.scheme}://{site.netloc}",
        rate_per_s=profile.rate_per_s,
        arrivals=profile.arrivals,
        targets=tuple(_target(target, site.path, context) for target in profile.targets),
        user_agent=f"gonogo-load/{gonogo.__version__} (+{identity(request)})",
        address=environment.resolve.get(environment.site.host.lower(), ""),
        ca_file=ca_file,
        timeout_s=timeout_s,
        drain_s=drain_s,
        in_flight=IN_FLIGHT,
        body_bytes=environment.limits.body_bytes,
        result=str(result),
        deadline_s=profile.duration_s + drain_s + GRACE_S + 2 * STOP_S,
    )
    try:
        for target in job.targets:
            request_head(job, target)
    except ValueError as error:
        raise EvidenceMissing("invalid", f"load profile {profile.name!r}: {error}") from None
    return job


def _target(target: LoadTarget, prefix: str, context: Context) -> Target:
    headers: tuple[tuple[str, str], ...] = ()
    name = target.path
    if target.role != "anonymous":
        role = context.environment.roles[target.role]
        headers = ((role.header, f"{role.scheme} {role.token.get_secret_value()}".strip()),)
        name = f"{target.path} ({target.role})"
    # RFC 3986: what may stand in a path and query stays; `%` is taken as already encoded.
    path = quote(prefix + target.path, safe="%/:@!$&'()*+,;=?[]~")
    return Target(name=name, path=path, weight=target.weight, headers=headers)


async def _run(job: Job, errors: Path, deadline_s: float) -> None:
    """Start the generator and see it end by itself, or end it. Raises EvidenceMissing: deadline, crash."""
    with sink(errors) as stderr:
        process = await anyio.open_process(
            [sys.executable, str(locust_file())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=_variables(),
            start_new_session=True,
        )
    assert process.stdin is not None
    try:
        with anyio.move_on_after(deadline_s) as scope:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
                # The pipe stays open: the generator ends itself when this process has gone.
                await process.stdin.send(f"{encode_job(job)}\n".encode())
            await process.wait()
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)
    if scope.cancelled_caught:
        raise EvidenceMissing(
            "deadline", f"the load generator had not ended {deadline_s:g} s after its start and was stopped"
        )
    if process.returncode:
        raise EvidenceMissing("crash", _last_words(process.returncode, errors, job))


def _variables() -> dict[str, str]:
    """This process's environment variables, copied here and now, as `Popen` would take them.

    Where none are given, execve(2) walks the process's own list while pytest's thread takes PYTEST_CURRENT_TEST out of
    it, and now and then fails with EFAULT.
    """
    taken = ((name, os.environ.get(name)) for name in list(os.environ))
    return {name: value for name, value in taken if value is not None}


async def _end(process: Process) -> None:
    """Stop what is left of the generator's own process group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with anyio.move_on_after(STOP_S):
                await process.wait()
    await process.aclose()


def _last_words(status: int, errors: Path, job: Job) -> str:
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    text = errors.read_text(errors="replace")
    for secret in (value for target in job.targets for _, value in target.headers):
        for part in secret.split():
            text = text.replace(part, "***")
    said = " | ".join(text.strip().splitlines()[-3:])[-MAX_WORDS:]
    return f"the load generator {how}" + (f": {said}" if said else "")


def _read(job: Job) -> Tally:
    """The tally. Raises EvidenceMissing("invalid") unless it is whole and accounts for every arrival."""
    path = Path(job.result)
    try:
        tally = from_json(Tally, json.loads(path.read_text()))
    except FileNotFoundError:
        raise EvidenceMissing("invalid", "the load generator ended without a result") from None
    except ValueError:
        raise EvidenceMissing("invalid", "the load generator's result is cut short or malformed") from None
    total = tally.counts[0] if tally.counts else None
    if total is None or not total.requests:
        raise EvidenceMissing("invalid", "the load generator sent no request")
    parts = (
        total.requests,
        tally.sent + tally.dropped,
        sum(count.requests for count in tally.counts[1:]),
        sum(requests for _, requests, _ in tally.per_second),
    )
    if set(parts) != {job.arrivals}:
        raise EvidenceMissing(
            "invalid",
            f"the load generator's result accounts for {min(parts)} of {job.arrivals} planned requests",
        )
    return tally


def _facts(profile: LoadProfile, job: Job, tally: Tally) -> LoadRun:
    reason = unfit(tally)
    return LoadRun(
        profile=profile.name,
        planned=job.arrivals,
        sent=tally.sent,
        dropped=tally.dropped,
        duration_s=profile.duration_s,
        planned_rate=profile.rate_per_s,
        achieved_rate=round(tally.answered_per_s, 3),
        series=tuple(
            LoadSeries(count.name, count.requests, count.failures, count.histogram, round(count.max_ms, 3))
            for count in tally.counts
        ),
        errors=tally.errors,
        per_second=tally.per_second,
        generator_cpu=round(tally.cpu, 3),
        stop_reason="complete",
        healthy=not reason,
        unhealthy_reason=reason,
    )


def unfit(tally: Tally) -> str:
    """Why the generator itself was too busy for its latencies to be the target's; empty when it was not.

    A target that is slow does not make the generator late: what is due leaves, or is dropped and counted.
    """
    planned = tally.sent + tally.dropped
    reasons = []
    if tally.cpu > MAX_CPU:
        reasons.append(f"it used {tally.cpu:.0%} of a core (at most {MAX_CPU:.0%})")
    if tally.late > (1 - MIN_PUNCTUAL) * planned:
        reasons.append(f"{tally.late} of {planned} requests left more than {LATE_S * 1000:g} ms after they were due")
    return f"{'; '.join(reasons)}: lower rate_per_s, or use a faster or quieter machine" if reasons else ""
