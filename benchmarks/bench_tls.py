"""Times the tls probe against nginx on loopback: `python benchmarks/bench_tls.py`. Wanted: at most 150 ms for a whole host.

Needs nginx. The servers are those of the tests.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import anyio
from tools import ends, need

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "probes"))

from tls_servers import HOST, Block, Nginx, World

from gonogo.environment.models import Environment
from gonogo.evidence.records import Evidence, Request
from gonogo.probes.context import Context
from gonogo.probes.guard import Guard
from gonogo.probes.tls import probe as tls
from gonogo.probes.tls.facts import TlsFacts
from gonogo.probes.tls.request import handshake

ROUNDS = 30
WANTED_MS = 150


async def _probe(environment: Environment, port: int) -> tuple[TlsFacts, int]:
    async def fetch(_: Request) -> Evidence:
        raise AssertionError

    guard = Guard(environment)
    context = Context(environment=environment, guard=guard, run_id="bench", folder=Path(), fetch=fetch)
    return await tls.gather(handshake(environment, HOST, port), context), guard.sent


def measure(name: str, environment: Environment, port: int) -> None:
    taken: list[float] = []
    sent = 0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        facts, sent = anyio.run(_probe, environment, port)
        taken.append(1000 * (time.perf_counter() - begun))
        assert facts.handshakes[0].error == ""
    taken.sort()
    print(
        f"tls         {name}: median {median(taken):.0f} ms, worst of {ROUNDS} {taken[-1]:.0f} ms, {sent} handshakes "
        f"(wanted <= {WANTED_MS} ms)"
    )


def main() -> None:
    need("nginx")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = World(folder)
        blocks = {
            "sound server, EC key": Block(world.chain(), world.key),
            "sound server, RSA key": Block(world.chain(world.rsa), world.rsa),
            "old server, RSA key": Block(
                world.chain(world.rsa), world.rsa, "TLSv1 TLSv1.1 TLSv1.2", "ECDHE+AES:AES128-SHA:NULL-SHA"
            ),
        }
        server = Nginx(folder, blocks.values())
        try:
            for label, block in blocks.items():
                fields = {
                    "name": "bench",
                    "tier": "demo",
                    "ca_file": str(world.ca),
                    "resolve": {HOST: "127.0.0.1"},
                    "limits": {"rate_per_s": 1_000_000},
                    "site": {"url": f"https://{HOST}:{block.port}"},
                }
                measure(label, Environment.model_validate(fields), block.port)
        finally:
            server.close()


if __name__ == "__main__":
    ends(main)
