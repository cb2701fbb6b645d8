"""Benchmarks: what gonogo costs, as ratios to pytest itself measured in the same run. `make bench`.

* pages: 1,000 pages x 12 header checks on loopback, against the same number of empty pytest tests. Wanted: at most
  2.5 times as long, at most 400 MB.
* gate: a decision over 100,000 results. Wanted: seconds.
* collection: collecting the demo environment, against bare pytest collecting as many tests. Wanted: at most 1.5 times.
* tls: one host's whole probe on loopback. Wanted: at most 150 ms.
* scale: 10, 100, 400 and 1,000 pages, whole security profile, against bare pytest with as many empty tests and the same
  reports; about ten minutes, so only where it is named. Wanted at 1,000 pages: at most 1.5 times as long, at most 600 MB.
* trip: the security profile at a round trip of 40 ms; only where it is named. Wanted: at most 1.5 s.
* browser: the browser's part of the demo's full run. Wanted: at most 45 s on two cores, one browser start.

Each figure is the median of its rounds; the two sides of a ratio alternate.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tools import PYTEST, ROOT, empty_tests, site, timed

PAGES = 1000
HEADER_CHECKS = [
    f"checks/security/test_{name}.py"
    for name in ("hsts", "framing", "content_type_options", "referrer_policy", "permissions_policy")
]
CHECKS = 12
ROUNDS = 3
FILES = {
    "gate": "bench_gate.py",
    "tls": "bench_tls.py",
    "browser": "bench_browser.py",
    "scale": "bench_scale.py",
    "trip": "round_trip.py",
}
"""Benchmarks that are programs of their own."""


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
            theirs.append(timed([*PYTEST, "."], cwd=empty, ok={0}).seconds)
            run = timed(
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
            ours.append(run.seconds)
            memory = max(memory, run.peak_mb)
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
        theirs.append(timed([*PYTEST, "--collect-only", "."], cwd=empty, ok={0}).seconds)
        ours.append(timed([*PYTEST, "--env=demo", "--collect-only"], cwd=ROOT, ok={0}).seconds)
    print(
        f"collection  {found} tests of the demo: {median(ours):.2f} s; bare pytest on as many files and more tests: {median(theirs):.2f} s; "
        f"ratio {median(ours) / median(theirs):.2f} (wanted <= 1.5)"
    )


def main() -> None:
    every = ("pages", "collection", *FILES)
    chosen = sys.argv[1:] or [name for name in every if name not in {"scale", "trip"}]
    if unknown := set(chosen) - set(every):
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(every)}")
    with tempfile.TemporaryDirectory() as name:
        if "pages" in chosen:
            pages(Path(name))
        if "collection" in chosen:
            collection(Path(name))
    statuses = [0]
    for name, file in FILES.items():
        if name in chosen:
            sys.stdout.flush()
            command = [sys.executable, str(ROOT / "benchmarks" / file)]
            statuses.append(subprocess.run(command, check=False).returncode)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest child process: {peak:.0f} MB")
    sys.exit(max(map(abs, statuses)))


if __name__ == "__main__":
    main()
