"""What distance costs: the security profile on the attached demo, straight and through a line with a round trip of 40 ms.

`python benchmarks/round_trip.py [--beside COMMIT] [--no-peers] [--keep DIR]`. Each figure is the wall time from a process's
start to its exit, median of ROUNDS; all that is compared alternates. `--beside` measures an older commit in the same run.
The peers are those of compare_security.py, one after another, each in a process of its own; they need npm and node, and
`--keep DIR` installs them there and uses them again. The line is peers/slow_line.py, on loopback addresses of its own
(127.0.1.1 and 127.0.1.2), so that names, ports and certificates stay as they are. Linux only: elsewhere such addresses
must be added to the loopback interface first.

Wanted: at most 1.0 s straight, at most 1.5 s through the line, and the peers in sequence at least 7 times as long.
Exit status 1 where one of them is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tools import PYTEST, ROOT, child, ends, need, timed

from gonogo.demo import provider

ROUNDS = 5
ROUND_TRIP_MS = 40.0
WANTED_STRAIGHT_S, WANTED_FAR_S, WANTED_PEERS = 1.0, 1.5, 7.0
NEAR, FAR = ("127.0.0.1", "127.0.0.2"), ("127.0.1.1", "127.0.1.2")
PEERS = ("Observatory", "drheader", "sslyze")


@dataclass(frozen=True)
class Side:
    """The demo as one of two finds it: what attaches to it, and at which addresses."""

    attached: Path
    moved: bool


def side(demo: provider.Demo, folder: Path, *, moved: bool) -> Side:
    file = folder / ("far.json" if moved else "near.json")
    demo.publish(file)
    if moved:
        told = json.loads(file.read_text())
        told["variables"]["DEMO_NODE"] = FAR[1]
        file.write_text(json.dumps(told))
    return Side(file, moved)


@contextlib.contextmanager
def slow_line(demo: provider.Demo) -> Iterator[None]:
    https, http = demo.variables["DEMO_HTTPS_PORT"], demo.variables["DEMO_HTTP_PORT"]
    lines = [f"{far}:{https}={near}:{https}" for far, near in zip(FAR, NEAR, strict=True)]
    lines.append(f"{FAR[0]}:{http}={NEAR[0]}:{http}")
    with child(sys.executable, ROOT / "benchmarks" / "peers" / "slow_line.py", str(ROUND_TRIP_MS), *lines):
        yield


def environments(code: Path, folder: Path, *, moved: bool) -> Path:
    """The environments of some code, with the demo at the addresses of the line where it is moved."""
    copy = folder / f"environments-{code.name}-{'far' if moved else 'near'}"
    if not copy.exists():
        shutil.copytree(code / "environments", copy)
        if moved:
            file = copy / "demo.toml"
            file.write_text(file.read_text().replace(f'"{NEAR[0]}"', f'"{FAR[0]}"'))
    return copy


def run(code: Path, demo: Side, folder: Path) -> float:
    """Seconds of one run of the security profile by the code of some folder."""
    command = [
        *PYTEST,
        "--env=demo",
        "--profile=security",
        f"--env-dir={environments(code, folder, moved=demo.moved)}",
        f"--reports={folder / 'reports'}",
    ]
    env = {provider.ATTACH: str(demo.attached), "PYTHONPATH": str(code / "src"), "PYTHONDONTWRITEBYTECODE": ""}
    return timed(command, cwd=code, ok={0}, env=env).seconds


@contextlib.contextmanager
def older(commit: str, folder: Path) -> Iterator[Path]:
    """A worktree of a commit."""
    code = folder / "older"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(code), commit], check=True)
    try:
        yield code
    finally:
        subprocess.run([*git, "remove", "--force", str(code)], check=True)


def peers(demo: provider.Demo, keep: Path) -> dict[str, Callable[[bool], float]]:
    """For each peer what measures one process of it, near or far."""
    import compare_security as compared

    keep.mkdir(parents=True, exist_ok=True)
    installed = compared.install(keep)

    class Moved(compared.Target):
        @property
        def described(self) -> dict[str, object]:
            addresses = {compared.HOST: list(FAR), compared.APEX: [FAR[0]]}
            return {**super().described, "addresses": addresses}

    targets = {True: Moved(demo), False: compared.Target(demo)}

    def measuring(name: str) -> Callable[[bool], float]:
        return lambda far: compared.SCANS[name](installed, targets[far], 1).process_s

    return {name: measuring(name) for name in PEERS}


def told(name: str, seconds: list[float]) -> str:
    return f"{name}: {median(seconds):.2f} s ({min(seconds):.2f}–{max(seconds):.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--beside", metavar="COMMIT", help="an older commit, measured in the same run")
    parser.add_argument("--no-peers", action="store_true", help="leave Observatory, drheader and sslyze out")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="install the peers there, and use what is there")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each (default %(default)s)")
    chosen = parser.parse_args()
    need(*(["git"] if chosen.beside else []), *([] if chosen.no_peers else ["npm", "node"]))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        demo = stack.enter_context(provider.start())
        stack.enter_context(slow_line(demo))
        near, far = (side(demo, folder, moved=moved) for moved in (False, True))
        codes = {"gonogo": ROOT}
        if chosen.beside:
            codes[f"gonogo {chosen.beside}"] = stack.enter_context(older(chosen.beside, folder))
        others = {} if chosen.no_peers else peers(demo, chosen.keep or folder / "peers")
        seconds: dict[tuple[str, bool], list[float]] = {}
        for _ in range(max(chosen.rounds, 1)):
            for name, code in codes.items():
                for one in (near, far):
                    seconds.setdefault((name, one.moved), []).append(run(code, one, folder))
            for name, measure in others.items():
                for moved in (False, True):
                    seconds.setdefault((name, moved), []).append(measure(moved))
    for moved, where in ((False, "straight"), (True, f"at a round trip of {ROUND_TRIP_MS:.0f} ms")):
        print(f"trip        {where}: " + "; ".join(told(name, of) for (name, at), of in seconds.items() if at is moved))
    return verdict(seconds, peers_too=bool(others))


def verdict(seconds: dict[tuple[str, bool], list[float]], *, peers_too: bool) -> int:
    straight, far = (median(seconds["gonogo", moved]) for moved in (False, True))
    wrong = []
    if straight > WANTED_STRAIGHT_S:
        wrong.append(f"{straight:.2f} s straight, wanted at most {WANTED_STRAIGHT_S}")
    if far > WANTED_FAR_S:
        wrong.append(f"{far:.2f} s at {ROUND_TRIP_MS:.0f} ms, wanted at most {WANTED_FAR_S}")
    if peers_too:
        sequence = sum(median(seconds[name, True]) for name in PEERS)
        print(f"            the peers one after another: {sequence:.1f} s, {sequence / far:.1f} times as long")
        if sequence < WANTED_PEERS * far:
            wrong.append(f"the peers take {sequence / far:.1f} times as long, wanted at least {WANTED_PEERS:.0f}")
    print("".join(f"            missed: {one}\n" for one in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    ends(main)
