"""The browser's part of the embedded demo's full run. Wanted on two cores: one browser start, at most 45 s.

The times are those of the run's own records: seconds in which at least one visit was under way, the browser's start and
every wait included. `python benchmarks/bench_browser.py [--runs N]`; exit status 1 when a run had more than one start, or
was no GO, or the median is over 45 s.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from main_job import Starts, main_job

RUNS = 3
WANTED_S = 45.0
SLOWEST = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=RUNS, help=f"how many full runs of the demo (default {RUNS})")
    chosen = parser.parse_args()
    seconds, begun, wrong = [], [], []
    for number in range(max(chosen.runs, 1)):
        with tempfile.TemporaryDirectory() as name:
            starts = Starts(Path(name) / "starts")
            run = main_job("--env=demo", *starts.arguments, reports=Path(name) / "reports", env=starts.env)
            seconds.append(run.browser_s)
            begun.append(starts.number)
            if run.status != 0 or begun[-1] != 1:
                wrong.append(f"run {number + 1}: exit status {run.status}, {begun[-1]} browser starts\n{run.told()}")
            slowest = sorted(run.visits, key=lambda one: one.began - one.ended)[:SLOWEST]
            visits = len(run.visits)
    print(
        f"browser     {visits} visits of the demo: {median(seconds):.1f} s ({min(seconds):.1f}–{max(seconds):.1f}) in {len(seconds)} runs "
        f"(wanted <= {WANTED_S:.0f}); browser starts a run: {max(begun)} (wanted 1)"
    )
    print("            longest: " + ", ".join(f"{one.name} {one.ended - one.began:.1f} s" for one in slowest))
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    return 1 if wrong or median(seconds) > WANTED_S else 0


if __name__ == "__main__":
    sys.exit(main())
