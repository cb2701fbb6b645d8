"""What several benchmarks need: a page server in a process of its own, commands that are timed, programs that must be there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from gonogo.errors import Unavailable

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
WATCH_S = 0.5
PACKAGES = {
    "caddy": "apt-get install caddy",
    "nginx": "apt-get install nginx-light",
    "node": "apt-get install nodejs",
    "npm": "apt-get install npm",
    "git": "apt-get install git",
}
"""How each program comes onto a Debian or Ubuntu machine."""

HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nStrict-Transport-Security: max-age=63072000; includeSubDomains\r\n"
    "Content-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\nPermissions-Policy: camera=(), geolocation=(), microphone=()\r\n"
    "Set-Cookie: session=1; Secure; HttpOnly; SameSite=Lax\r\nCache-Control: no-cache\r\n"
)
BODY = b"<!doctype html><title>page</title>" + b"<p>text</p>" * 200
ANSWER = HEAD.encode() + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


def need(*programs: str) -> None:
    """Ends the benchmark in one line where a program is absent. Raises SystemExit."""
    absent = [name for name in programs if shutil.which(name) is None]
    if absent:
        how = ", ".join(PACKAGES.get(name, name) for name in absent)
        raise SystemExit(f"{Path(sys.argv[0]).name} needs {' and '.join(absent)}: {how}")


def ends(main: Callable[[], int | None]) -> NoReturn:
    """Ends with the status of a benchmark; what it needs and does not find (a browser, the demo) is told without a traceback."""
    try:
        sys.exit(main())
    except* Unavailable as absent:
        said = "; ".join(dict.fromkeys(str(one) for one in _single(absent)))
        raise SystemExit(f"{Path(sys.argv[0]).name}: {said}") from None


def _single(group: BaseExceptionGroup[Unavailable]) -> Iterator[Unavailable]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _single(one)
        else:
            yield one


# --- a page server ---


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await writer.drain()
    writer.close()


async def _serve() -> None:
    """Answers every request with the same page until the standard input ends."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def child(*command: str | Path, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """The first line of a process that runs until its standard input ends. Raises SystemExit when it says none."""
    process = subprocess.Popen(
        [*map(str, command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"{' '.join(map(str, command))} did not start")
        yield line
    finally:
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def site() -> Iterator[int]:
    """The port of a page server in a process of its own, as a target's is."""
    with child(sys.executable, __file__) as line:
        yield int(line)


# --- commands ---


@dataclass(frozen=True)
class Taken:
    """What a command cost."""

    seconds: float
    cpu_s: float
    """Processor time of the process and of what it waited for; steadier than wall time on a busy machine."""
    peak_mb: float
    """Of the process itself and of each process it started, each at its own most, added up."""
    code: int
    output: str


def timed(arguments: Sequence[str], *, cwd: Path, ok: Collection[int], env: Mapping[str, str] | None = None) -> Taken:
    """A command from its start to its exit. Raises SystemExit when it ends with another status than `ok`."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        arguments,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(env or {})},
    )
    peaks: dict[int, float] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_S):
            for pid in _below(process.pid):
                peaks[pid] = max(peaks.get(pid, 0.0), _peak_mb(pid))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = code = os.waitstatus_to_exitcode(status)
    over.set()
    watching.join()
    if process.stdout:
        process.stdout.close()
    told = output.decode(errors="replace")
    if code not in ok:
        raise SystemExit(f"{' '.join(arguments)} ended with {code}:\n{told[-3000:]}")
    own = usage.ru_maxrss / 1024
    # What the kernel says of a process that has waited for its children is the most of any of them.
    return Taken(
        seconds,
        usage.ru_utime + usage.ru_stime,
        max(own, peaks.get(process.pid, 0.0) + sum(mb for pid, mb in peaks.items() if pid != process.pid)),
        code,
        told,
    )


def _below(pid: int) -> list[int]:
    """A process and all that it started, as far as they run."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(number) for number in (task / "children").read_text().split()]
    return found


def _peak_mb(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


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


if __name__ == "__main__":
    asyncio.run(_serve())
