"""How a run of the whole security profile grows with the pages of a site: `python benchmarks/bench_scale.py [PAGES ...]`.

The target is a loopback server in a process of its own. Beside each run, bare pytest runs as many empty tests and writes
the same two reports (pytest-html's, self-contained, and junit.xml). "Alone" is the same plan gathered with nothing judged.

Wanted at 1,000 pages: at most 1.5 times as long as bare pytest, at most 600 MB, no UNKNOWN, the p99 of answers at most 1.5
times that of gathering alone, verdict.html at most 3 MB; and the time of a further result the same at every size.
Exit status 1 where one of them is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from tools import PYTEST, ROOT, Taken, empty_tests, site, timed

from gonogo.run.conclude import plan_of

SIZES = (10, 100, 400, 1000)
PROFILE = "security"
FUNCTIONS = 54
"""Empty test functions beside a run; as many tests as it has results, give or take one a function."""
WANTED_RATIO, WANTED_MB, WANTED_P99, WANTED_PAGE_MB, WANTED_BEND = 1.5, 600.0, 1.5, 3.0, 1.3
WANTED_AT = 1000
REPORTS = ("report.html", "verdict.html", "junit.xml")


@dataclass(frozen=True)
class Size:
    """One size of site."""

    pages: int
    results: int
    unknown: int
    ours: Taken
    bare: Taken
    p99_ms: float
    alone: Taken
    alone_p99_ms: float
    megabytes: dict[str, float]

    @property
    def ratio(self) -> float:
        return self.ours.seconds / self.bare.seconds

    def told(self) -> str:
        sizes = ", ".join(f"{name} {mb:.1f}" for name, mb in self.megabytes.items())
        return (
            f"scale       {self.pages} pages, {self.results} results: {self.ours.seconds:.1f} s ({self.ours.cpu_s:.1f} s of processor), "
            f"{self.ours.peak_mb:.0f} MB; bare pytest: {self.bare.seconds:.1f} s ({self.bare.cpu_s:.1f}), "
            f"{self.bare.peak_mb:.0f} MB; ratio {self.ratio:.2f} ({self.ours.cpu_s / self.bare.cpu_s:.2f})\n"
            f"            MB of {sizes}; UNKNOWN {self.unknown}; p99 of answers {self.p99_ms:.0f} ms, "
            f"gathered alone {self.alone_p99_ms:.0f} ms in {self.alone.seconds:.1f} s"
        )


def environment_file(folder: Path, port: int, pages: int) -> Path:
    listed = "\n".join(f'[[site.pages]]\npath = "/page/{number}"' for number in range(pages))
    file = folder / "scale.toml"
    file.write_text(
        'name = "scale"\ntier = "development"\n[limits]\nrequests = 50000\nrate_per_s = 100000\nconcurrency = 16\n[security]\n'
        f'[site]\nurl = "http://127.0.0.1:{port}"\nplain_url = "http://127.0.0.1:{port}"\n{listed}\n'
    )
    return file


def gather(environment: Path, run: Path) -> None:
    """Gather what the profile needs of an environment into a run's directory; nothing is judged."""
    import anyio

    from gonogo.evidence.store import Store
    from gonogo.gathering.collector import Collector
    from gonogo.run import catalogue
    from gonogo.run import target as runs

    target = runs.target(str(environment), folder=ROOT / "environments", decides=False)
    (run / "evidence").mkdir(parents=True)
    requests, _ = plan_of(target.environment, catalogue.requests(target.environment, PROFILE))
    collector = Collector(
        environment=target.environment,
        base=target.base,
        store=Store(run / "evidence", target.door),
        run_id="alone",
        scrub=target.scrubber(),
    )
    anyio.run(collector.gather, requests)


def p99_ms(run: Path) -> float:
    """Of the answers that a run's records hold; what was never answered counts with the time of its last attempt."""
    seconds = []
    for path in (run / "evidence").glob("http-*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        facts, attempts = record["facts"], record["attempts"]
        total = facts["timings"]["total"] if facts else None
        seconds.append(total if total is not None else attempts[-1]["seconds"] if attempts else 0.0)
    seconds.sort()
    return 1000 * seconds[-(-99 * len(seconds) // 100) - 1] if seconds else 0.0


def outcomes(run: Path) -> Counter[str]:
    with (run / "results.jsonl").open(encoding="utf-8") as lines:
        return Counter(json.loads(line)["outcome"] for line in lines)


def measure(folder: Path, port: int, pages: int) -> Size:
    environment = environment_file(folder, port, pages)
    reports = folder / "reports"
    ours = timed(
        [*PYTEST, f"--env={environment}", f"--profile={PROFILE}", f"--reports={reports}"], cwd=ROOT, ok={0, 10, 11}
    )
    run = (reports / "latest").resolve()
    said = outcomes(run)
    alone = timed([sys.executable, __file__, "--gather", str(environment), str(folder / "alone")], cwd=ROOT, ok={0})
    empty = empty_tests(folder / "empty", FUNCTIONS, -(-said.total() // FUNCTIONS))
    bare = timed(
        [*PYTEST, "--html=report.html", "--self-contained-html", "--junitxml=junit.xml", "."], cwd=empty, ok={0}
    )
    return Size(
        pages=pages,
        results=said.total(),
        unknown=said["UNKNOWN"],
        ours=ours,
        bare=bare,
        p99_ms=p99_ms(run),
        alone=alone,
        alone_p99_ms=p99_ms(folder / "alone"),
        megabytes={name: (run / name).stat().st_size / 1e6 for name in REPORTS},
    )


def bend(sizes: Iterable[Size]) -> float:
    """How many times as long a further result takes at the largest step as at the first; 1 is a straight line."""
    steps = [
        (after.ours.seconds - before.ours.seconds) / (after.results - before.results)
        for before, after in pairwise(sizes)
    ]
    return steps[-1] / steps[0] if len(steps) > 1 and steps[0] > 0 else 1.0


def missed(sizes: list[Size]) -> list[str]:
    wrong = [f"bend {bend(sizes):.2f}, wanted at most {WANTED_BEND}"] if bend(sizes) > WANTED_BEND else []
    for one in sizes:
        if one.unknown:
            wrong.append(f"{one.pages} pages: {one.unknown} UNKNOWN, wanted none")
        if one.pages < WANTED_AT:
            continue
        of = f"{one.pages} pages:"
        if one.ratio > WANTED_RATIO:
            wrong.append(f"{of} ratio {one.ratio:.2f}, wanted at most {WANTED_RATIO}")
        if one.ours.peak_mb > WANTED_MB:
            wrong.append(f"{of} {one.ours.peak_mb:.0f} MB, wanted at most {WANTED_MB:.0f}")
        if one.p99_ms > WANTED_P99 * one.alone_p99_ms:
            wrong.append(f"{of} p99 {one.p99_ms / one.alone_p99_ms:.1f} times alone, wanted at most {WANTED_P99}")
        if one.megabytes["verdict.html"] > WANTED_PAGE_MB:
            wrong.append(f"{of} verdict.html {one.megabytes['verdict.html']:.1f} MB, wanted at most {WANTED_PAGE_MB}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("pages", nargs="*", type=int, default=SIZES, help="sizes, ascending (default %(default)s)")
    parser.add_argument("--gather", nargs=2, metavar=("ENVIRONMENT", "RUN"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.gather:
        gather(*map(Path, chosen.gather))
        return 0
    sizes = []
    with site() as port:
        for pages in chosen.pages:
            with TemporaryDirectory() as name:
                sizes.append(measure(Path(name), port, pages))
            print(sizes[-1].told(), flush=True)
    wrong = missed(sizes)
    print(f"            a further result at the end took {bend(sizes):.2f} times as long as at the beginning")
    print("".join(f"            missed: {one}\n" for one in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
