"""Host names to addresses: the environment's `resolve` table first, then the system's resolver."""

from __future__ import annotations

import socket

import anyio

from gonogo.environment.models import Environment
from gonogo.errors import EvidenceMissing
from gonogo.formats.addresses import is_address


async def addresses(environment: Environment, host: str, port: int) -> tuple[str, ...]:
    """Every address of a host, in resolver order, each once.

    Raises EvidenceMissing("dns") when there is none.
    """
    if override := environment.resolve.get(host.lower()):
        return (override,)
    if is_address(host):
        return (host.strip("[]"),)
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a valid host name"
        raise EvidenceMissing(
            "dns", f"{host}: {reason}; if it is not in DNS yet, name its address in [resolve]"
        ) from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
