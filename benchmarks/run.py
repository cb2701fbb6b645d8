"""Benchmarks: what gonogo costs, as ratios to pytest itself measured in the same run. `make bench`.

* pages: 1,000 pages x 12 header checks on loopback, against the same number of empty pytest tests. Wanted: at most
  2.5 times as long, at most 400 MB.
* gate: a decision over 100,000 results. Wanted: seconds.
* collection: collecting the demo environment, against bare pytest collecting as many tests. Wanted: at most 1.5 times.
* tls: one host's whole probe on loopback. Wanted: at most 150 ms.
* browser: the browser's part of the demo's full run. Wanted: at most 45 s on two cores, one browser start.

Each figure is the median of its rounds; the two sides of a ratio alternate.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
PAGES = 1000
HEADER_CHECKS = [
    f"checks/security/test_{name}.py"
    for name in ("hsts", "framing", "content_type_options", "referrer_policy", "permissions_policy")
]
CHECKS = 12
ROUNDS = 3
HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nStrict-Transport-Security: max-age=63072000; includeSubDomains\r\n"
    "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\nPermissions-Policy: camera=(), geolocation=(), microphone=()\r\n"
    "Set-Cookie: session=1; Secure; HttpOnly; SameSite=Lax\r\nCache-Control: no-cache\r\n"
)
BODY = b"<!doctype html><title>page</title>" + b"<p>text</p>" * 200
ANSWER = HEAD.encode() + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await writer.drain()
    writer.close()


@contextlib.contextmanager
def site() -> Iterator[int]:
    """A page server in a thread; its cost is inside the measured time, as a target's is."""
    ready: list[int] = []
    begun = threading.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0)
        ready.append(server.sockets[0].getsockname()[1])
        begun.set()

    def thread() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(run())
        loop.run_forever()

    threading.Thread(target=thread, daemon=True).start()
    begun.wait(5)
    yield ready[0]
    loop.call_soon_threadsafe(loop.stop)


def timed(arguments: list[str], *, cwd: Path, ok: set[int]) -> tuple[float, float]:
    """Wall seconds and peak memory (MB) of a command."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        arguments,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    code = os.waitstatus_to_exitcode(status)
    if code not in ok:
        raise SystemExit(f"{' '.join(arguments)} ended with {code}:\n{output.decode(errors='replace')[-3000:]}")
    return seconds, usage.ru_maxrss / 1024


def empty_tests(folder: Path, functions: int, each: int) -> Path:
    """A test file with `functions` empty tests of `each` parameters."""
    folder.mkdir(exist_ok=True)
    text = "import pytest\n\n" + "\n\n".join(
        f"@pytest.mark.parametrize('page', [f'/page/{{n}}' for n in range({each})])\ndef test_{name}(page):\n    pass"
        for name in range(functions)
    )
    (folder / "test_empty.py").write_text(text)
    (folder / "pyproject.toml").write_text("[tool.pytest]\naddopts = ['-p', 'no:locust']\n")
    return folder


PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]


def pages(folder: Path) -> None:
    empty = empty_tests(folder / "empty", CHECKS, PAGES)
    ours: list[float] = []
    theirs: list[float] = []
    memory = 0.0
    with site() as port:
        environment = folder / "pages.toml"
        listed = "\n".join(f'[[site.pages]]\npath = "/page/{number}"' for number in range(PAGES))
        environment.write_text(
            f'name = "pages"\ntier = "development"\n[limits]\nrequests = 5000\nrate_per_s = 100000\nconcurrency = 16\n[security]\n'
            f'[site]\nurl = "http://127.0.0.1:{port}"\nplain_url = "http://127.0.0.1:{port}"\n{listed}\n'
        )
        for _ in range(ROUNDS):
            theirs.append(timed([*PYTEST, "."], cwd=empty, ok={0})[0])
            seconds, peak = timed(
                [
                    *PYTEST,
                    f"--env={environment}",
                    f"--reports={folder / 'reports'}",
                    "-k",
                    "not not_on_http",
                    *HEADER_CHECKS,
                ],
                cwd=ROOT,
                ok={11},  # a narrowed run has no verdict
            )
            ours.append(seconds)
            memory = max(memory, peak)
    print(
        f"pages       {PAGES} pages x {CHECKS} checks: {median(ours):.1f} s; as many empty tests: {median(theirs):.1f} s; "
        f"ratio {median(ours) / median(theirs):.2f} (wanted <= 2.5); {memory:.0f} MB (wanted <= 400)"
    )


def collection(folder: Path) -> None:
    found = subprocess.run(
        [*PYTEST, "--env=demo", "--collect-only"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.count("::")
    files, each = 40, -(-found // 57)
    empty = folder / "files"
    for number in range(files):
        empty_tests(empty, 57 // files + 1, each)
        (empty / "test_empty.py").rename(empty / f"test_empty_{number}.py")
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(2 * ROUNDS + 1):
        theirs.append(timed([*PYTEST, "--collect-only", "."], cwd=empty, ok={0})[0])
        ours.append(timed([*PYTEST, "--env=demo", "--collect-only"], cwd=ROOT, ok={0})[0])
    print(
        f"collection  {found} tests of the demo: {median(ours):.2f} s; bare pytest on as many files and more tests: {median(theirs):.2f} s; "
        f"ratio {median(ours) / median(theirs):.2f} (wanted <= 1.5)"
    )


def main() -> None:
    chosen = sys.argv[1:] or ["pages", "collection", "gate", "tls", "browser"]
    with tempfile.TemporaryDirectory() as name:
        if "pages" in chosen:
            pages(Path(name))
        if "collection" in chosen:
            collection(Path(name))
    statuses = [0]
    for name in ("gate", "tls", "browser"):
        if name in chosen:
            sys.stdout.flush()
            command = [sys.executable, str(ROOT / "benchmarks" / f"bench_{name}.py")]
            statuses.append(subprocess.run(command, check=False).returncode)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest child process: {peak:.0f} MB")
    sys.exit(max(map(abs, statuses)))


if __name__ == "__main__":
    main()
