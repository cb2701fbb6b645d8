"""Web Vitals beside Lighthouse on pages whose truth is known: `python benchmarks/compare_vitals.py [LIGHTHOUSE]`.

LIGHTHOUSE is its executable, `node_modules/.bin/lighthouse` of a folder in which `npm install lighthouse` was run; it needs
a full Chromium (CHROME_PATH, default /usr/bin/chromium). Without it only gonogo is measured. Both are unthrottled and have
the same viewport; gonogo measures each page RUNS times, Lighthouse LIGHTHOUSE_RUNS times. Runs of gonogo in
which the machine was busy, by its own index, are repeated; of Lighthouse they are not. Prints a Markdown table.

The pages are those of tests/probes/vitals_pages.py. Lighthouse presses nothing, so it has no INP.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tools import ends

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "probes"))

from browsing import Probe, Server, noise, probing, serving
from vitals_pages import PAGES, Page, agrees

RUNS = 3
LIGHTHOUSE_RUNS = 3
REPEATS = 3
DISTURBED = 0.7
WAIT_S = "1.8"
LIMIT_S = 120
AUDITS = {
    "lcp_ms": "largest-contentful-paint",
    "fcp_ms": "first-contentful-paint",
    "ttfb_ms": "server-response-time",
    "cls": "cumulative-layout-shift",
    "tbt_ms": "total-blocking-time",
}
SCREENS = {
    "desktop": ["--preset=desktop"],
    "mobile": ["--form-factor=mobile"],
}
Values = dict[str, list[float]]


def serve(server: Server, page: Page) -> None:
    for path, delay in page.images.items():
        server.page(path, noise(400, 300), delay=delay, headers={"Content-Type": "image/png"})
    server.page(page.path, page.html, delay=page.delay)


def ours(probe: Probe, server: Server, page: Page) -> tuple[Values, list[float], list[float]]:
    """Values by metric, seconds a run, and the machine's index of each run."""
    values: Values = {name: [] for name in page.truth}
    seconds, index = [], []
    for run in range(RUNS):
        began = time.perf_counter()
        steps = (("goto", server.url(page.path)), ("wait", WAIT_S), *page.presses)
        seen = probe.visit(*steps, request={"measure": True, "device": page.device, "run": run})
        seconds.append(time.perf_counter() - began)
        assert seen.vitals is not None, seen.problems
        assert seen.conditions is not None
        index.append(seen.conditions.host_index)
        for name in page.truth:
            values[name].append(getattr(seen.vitals, name))
    return values, seconds, index


def calm(probe: Probe, server: Server, page: Page, before: list[float]) -> tuple[Values, list[float], list[float]]:
    """The runs, repeated while the machine was slower in one of them than DISTURBED of the best it has shown."""
    found = ours(probe, server, page)
    for _ in range(REPEATS):
        if min(found[2]) >= DISTURBED * max(*before, *found[2]):
            break
        found = ours(probe, server, page)
    return found


def lighthouse(command: str, server: Server, page: Page) -> tuple[Values, list[float]]:
    values: Values = {name: [] for name in page.truth if name in AUDITS}
    seconds = []
    environment = {"CHROME_PATH": "/usr/bin/chromium", **os.environ}
    for _ in range(LIGHTHOUSE_RUNS if values else 0):
        began = time.perf_counter()
        done = subprocess.run(
            [
                command,
                f"http://127.0.0.1:{server.port}{page.path}",
                "--quiet",
                "--output=json",
                "--only-categories=performance",
                "--throttling-method=provided",
                "--chrome-flags=--headless=new --no-sandbox",
                *SCREENS[page.device],
            ],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            env=environment,
            check=False,
        )
        seconds.append(time.perf_counter() - began)
        audits = json.loads(done.stdout)["audits"] if done.stdout.startswith("{") else {}
        for name in values:
            found = audits.get(AUDITS[name], {}).get("numericValue")
            if found is not None:
                values[name].append(float(found))
    return values, seconds


def told(metric: str, values: list[float], truth: float) -> str:
    if not values:
        return "–"
    digits = 4 if metric == "cls" else 0
    mark = "" if agrees(metric, median(values), truth) else " ✗"
    spread = f" ({min(values):.{digits}f}–{max(values):.{digits}f})" if len(values) > 1 else ""
    return f"{median(values):.{digits}f}{spread}{mark}"


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    print("| page | metric | truth | gonogo | Lighthouse | s a run |\n|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Server()) as server,
        probing(server, Path(folder)) as probe,
    ):
        speeds: list[float] = []
        for page in PAGES:
            serve(server, page)
            found, seconds, index = calm(probe, server, page, speeds)
            theirs, their_seconds = lighthouse(command, server, page) if command else ({}, [])
            speeds += index
            took = f"{median(seconds):.1f}" + (f" / {median(their_seconds):.1f}" if their_seconds else "")
            for metric, truth in page.truth.items():
                name, exact = metric.removesuffix("_ms").upper(), f"{truth:.4f}" if metric == "cls" else f"{truth:.0f}"
                beside = told(metric, theirs.get(metric, []), truth)
                print(f"| {page.name} | {name} | {exact} | {told(metric, found[metric], truth)} | {beside} | {took} |")
            sys.stdout.flush()
    print(
        f"\nMachine index {min(speeds):.0f} to {max(speeds):.0f}. gonogo: median of {RUNS} runs (least–most); Lighthouse: "
        f"median of {LIGHTHOUSE_RUNS} runs; ✗: beyond the tolerance."
    )


if __name__ == "__main__":
    ends(main)
