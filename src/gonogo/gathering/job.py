"""What the collector's process is told, line by line on its standard input: what it verifies, and what to gather.

Secrets travel this way alone: never in arguments, environment variables or files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gonogo.environment.models import Environment
from gonogo.evidence.codec import from_json
from gonogo.evidence.records import Json, Request, canonical
from gonogo.probes.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Job:
    """What the collector needs to know beside the requests."""

    environment: Environment
    base: Path
    """The folder of the environment file."""
    folder: Path
    """The run's directory."""
    run_id: str
    secrets: tuple[str, ...] = field(default=(), repr=False)


def job_line(job: Job) -> str:
    """One line of JSON, secrets included."""
    fields = {
        "environment": job.environment.model_dump(mode="json", context={"reveal": True}),
        "base": str(job.base),
        "folder": str(job.folder),
        "run_id": job.run_id,
        "secrets": job.secrets,
    }
    return json.dumps(fields)


def read_job(line: str) -> Job:
    """What `job_line` wrote. Raises ValueError, KeyError or TypeError on anything else."""
    fields = json.loads(line)
    return Job(
        Environment.model_validate(fields["environment"]),
        Path(fields["base"]),
        Path(fields["folder"]),
        str(fields["run_id"]),
        tuple(fields["secrets"]),
    )


def plan_line(requests: Iterable[Request]) -> str:
    """One line of JSON: what is to be gathered, as far as it is not there."""
    return json.dumps({"gather": [canonical(request) for request in requests]})


def read_request(fields: Json) -> Request:
    """What `canonical` made of a request. Raises ValueError or KeyError on anything else."""
    kind = KINDS[fields["probe"]]
    request: Request = from_json(kind.request, {key: value for key, value in fields.items() if key != "probe"})
    return request
