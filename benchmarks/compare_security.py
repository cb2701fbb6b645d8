"""Who finds what, and how fast: gonogo beside Observatory, csp_evaluator, drheader and sslyze on the embedded demo.

`python benchmarks/compare_security.py` writes docs/comparison.md. It needs npm, pip and about six minutes; each tool is
installed below a temporary folder, `--keep DIR` uses that folder again. Nothing of it enters the project's environment:
sslyze is under the AGPL and serves as an oracle only.

Each tool scans the healthy demo, then every one-change variant of the catalogue that trips a check of the concerns
security, exposure and tls, then the further variants of peers/more_variants.py. What a tool says of a variant and did
not say of the healthy demo is what it detected.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import re
import ssl
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tools import ends, need

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = HERE / "peers"
sys.path[:0] = [str(ROOT / "tests"), str(PEERS), str(ROOT)]

from judging import judge, network_checks  # noqa: E402
from more_variants import MORE  # noqa: E402

from gonogo.demo import provider  # noqa: E402
from gonogo.demo.defects import DEFECTS, Reach  # noqa: E402
from gonogo.result import Outcome  # noqa: E402

DOCUMENT = ROOT / "docs" / "comparison.md"
NPM = {"@mdn/mdn-http-observatory": "1.4.8", "csp_evaluator": "1.1.8"}
PYPI = {"drheader": "2.0.0", "sslyze": "6.3.1"}
TOOLS = ("gonogo", "Observatory", "csp_evaluator", "drheader", "sslyze")
ROUNDS = 5
HOST, APEX = "www.acme.test", "acme.test"
PAGES = ("/", "/pricing", "/privacy", "/dashboard")
CONCERNS = ("security.", "tls.", "exposure.")
SCAN_S = 180

SUBJECTS: dict[str, tuple[str, ...]] = {
    "gonogo": CONCERNS,
    "Observatory": (
        "security.csp", "security.framing", "security.hsts", "security.preload", "security.content-type-options",
        "security.referrer-policy", "security.cookies", "security.cors", "security.https", "security.integrity",
        "security.cross-origin.resource", "security.coverage", "tls.certificate.trust", "tls.certificate.name",
        "tls.certificate.expiry", "tls.certificate.not-before",
    ),
    "csp_evaluator": ("security.csp",),
    "drheader": (
        "security.csp", "security.framing", "security.hsts", "security.preload", "security.content-type-options",
        "security.referrer-policy", "security.cookies", "security.cross-origin.opener", "security.cross-origin.embedder",
        "security.cross-origin.isolated", "security.caching", "security.header-fields", "security.server",
        "security.coverage",
    ),
    "sslyze": ("tls.", "security.https.certificates"),
}  # fmt: skip
"""What a tool has a test of, as the ids of our checks begin. Elsewhere its cell is "not its subject"."""
UNSEEN: dict[str, tuple[str, ...]] = {
    "Observatory": ("security.csp.mixed-content", "security.csp.nonce", "certificate-near-expiry"),
    "csp_evaluator": (
        "security.csp.mixed-content", "security.csp.meta", "security.csp.nonce-fresh", "security.csp.nonce-used",
        "security.csp.present",
    ),
    "drheader": ("security.csp.mixed-content", "security.csp.meta", "security.csp.nonce"),
    "sslyze": ("tls.protocol.alpn", "tls.addresses", "certificate-near-expiry"),
}  # fmt: skip
"""Exceptions to SUBJECTS, of checks or variants: what takes more than one response, the page's body, or a policy that
is there; what the tool reports nothing of."""
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "Observatory": ("security.cors.", "security.coverage.errors", "security.coverage.repeats"),
    "drheader": ("security.caching", "security.coverage.repeats", "security.hsts.not-on-http"),
}
"""What stands at an address, or in a repeated answer, that the tool does not ask for: API paths, the error page, the
second answer, plain http."""
FAMILIES = {
    "CSP": ("security.csp",),
    "HSTS": ("security.hsts", "security.preload"),
    "cookies": ("security.cookies",),
    "CORS": ("security.cors",),
    "redirects": ("security.https", "security.open-redirects"),
    "TLS": ("tls.",),
    "headers": ("security.",),
}
"""Family of a subject: the first that fits."""
DETECTED, ADVICE, SILENT, AWAY, OUTSIDE, ERROR = "●", "◐", "○", "↗", "–", "!"
UNCOUNTED = {AWAY, OUTSIDE, ERROR}


@dataclass(frozen=True)
class Variant:
    id: str
    title: str
    subject: str
    trips: tuple[str, ...]
    """Our checks that the catalogue says fail; empty for what is not in the catalogue."""

    @property
    def family(self) -> str:
        return next(name for name, begins in FAMILIES.items() if self.subject.startswith(begins))

    def seen_by(self, tool: str) -> bool:
        unseen = UNSEEN.get(tool, ("\0",))
        return self.subject.startswith(SUBJECTS[tool]) and not self.subject.startswith(unseen) and self.id not in unseen


@dataclass(frozen=True)
class Statement:
    """Something that a tool says of the site: equal texts are the same statement."""

    text: str
    advice: bool = False


@dataclass
class Said:
    statements: set[Statement] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    results: dict[tuple[str, str], dict[str, object]] = field(default_factory=dict)
    """Observatory's: its tests pass or fail and have a score, so they are compared one by one."""
    process_s: float = 0.0
    """Wall time of the tool's process, its start included."""
    empty: bool = False
    """There was nothing that the tool could have been handed."""


@dataclass(frozen=True)
class Cell:
    symbol: str
    words: tuple[str, ...] = ()


def catalogued() -> list[Variant]:
    """Every defect that the network shows and that trips a check of the three concerns."""
    found = []
    for defect in DEFECTS:
        ours = tuple(check for check in defect.trips if check.startswith(CONCERNS))
        if ours and defect.reach in {Reach.NETWORK, Reach.SURFACE}:
            found.append(Variant(defect.id, defect.title, ours[0], ours))
    return found


def further() -> list[Variant]:
    return [Variant(one.id, one.title, one.subject, ()) for one in MORE]


# --- the target ---


def launched() -> provider.Demo:
    """The demo with the further faults."""
    process = subprocess.Popen(
        [sys.executable, str(PEERS / "more_variants.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        raise SystemExit("the demo did not start")
    return provider.Demo(json.loads(line), process=process)


@dataclass(frozen=True)
class Target:
    demo: provider.Demo

    def inject(self, *ids: str) -> None:
        """Past `Demo.inject`, which knows the catalogue alone."""
        self.demo.control("/defects", {"ids": list(ids)})

    @property
    def port(self) -> int:
        return int(self.demo.variables["DEMO_HTTPS_PORT"])

    @property
    def described(self) -> dict[str, object]:
        variables = self.demo.variables
        site, apex = f"https://{HOST}:{self.port}", f"https://{APEX}:{self.port}"
        return {
            "addresses": {HOST: ["127.0.0.1", variables["DEMO_NODE"]], APEX: ["127.0.0.1"]},
            "https_port": self.port,
            "http_port": int(variables["DEMO_HTTP_PORT"]),
            "ca": variables["DEMO_CA_FILE"],
            "pages": [*(site + page for page in PAGES), f"{site}/no-such-page", f"{apex}/"],
        }

    def policies(self) -> dict[str, list[str]]:
        """The enforced policies of each page as sent; certificates are not judged here."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        found = {}
        for page in PAGES:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
            connection.request("GET", page, headers={"Host": f"{HOST}:{self.port}"})
            response = connection.getresponse()
            response.read()
            found[page] = response.headers.get_all("Content-Security-Policy") or []
            connection.close()
        return found


# --- the tools ---


@dataclass(frozen=True)
class Installed:
    folder: Path

    @property
    def modules(self) -> Path:
        return self.folder / "npm" / "node_modules"

    def python(self, package: str) -> Path:
        return self.folder / package / "bin" / "python"


def install(folder: Path) -> Installed:
    """Each tool in an environment of its own; what is there already is used again."""
    installed = Installed(folder)
    npm = folder / "npm"
    if not installed.modules.exists():
        npm.mkdir(parents=True, exist_ok=True)
        (npm / "package.json").write_text('{"private": true}\n')
        wanted = [f"{name}@{number}" for name, number in NPM.items()]
        # The install script of Observatory downloads two lists; a loopback name is on neither.
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *wanted], cwd=npm, check=True)
    lists = installed.modules / "@mdn" / "mdn-http-observatory" / "conf"
    (lists / "hsts-preload.json").write_text("{}\n")
    (lists / "tld-list.json").write_text('["test"]\n')
    for name, number in PYPI.items():
        if not installed.python(name).exists():
            venv.create(folder / name, with_pip=True)
            subprocess.run([installed.python(name), "-m", "pip", "install", "-q", f"{name}=={number}"], check=True)
    return installed


def ran(command: Sequence[str | Path], environment: dict[str, str]) -> tuple[dict[str, object], float]:
    """What a tool's process printed, and its wall time."""
    begun = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=SCAN_S, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout), time.perf_counter() - begun


def observatory(installed: Installed, target: Target, rounds: int) -> Said:
    told, process_s = ran(
        ["node", "--import", PEERS / "demo_address.mjs", PEERS / "observatory.mjs", installed.modules, str(rounds)],
        {
            "PEERS_TARGET": json.dumps(target.described),
            "NODE_EXTRA_CA_CERTS": target.demo.variables["DEMO_CA_FILE"],
            "NODE_NO_WARNINGS": "1",
        },
    )
    said = Said(seconds=told["seconds"], process_s=process_s)
    for host in told["hosts"]:
        if "error" in host:
            said.errors.append(f"{host['host']}: {host['error']}")
        for one in host.get("results", ()):
            said.results[one["host"], one["test"]] = one
            if not one["pass"]:
                said.statements.add(Statement(f"{one['test']}: {one['result']}"))
    return said


def csp_evaluator(installed: Installed, target: Target, rounds: int) -> Said:
    policies = target.policies()
    told, process_s = ran(
        ["node", PEERS / "csp_evaluator.mjs", installed.modules, str(rounds)], {"PEERS_POLICIES": json.dumps(policies)}
    )
    said = Said(seconds=told["seconds"], process_s=process_s, errors=told["errors"], empty=not any(policies.values()))
    for one in told["findings"]:
        if one["rank"] == SEVERITY_NONE:
            continue
        value = re.sub(r"nonce-[^']*", "nonce-…", one["value"])
        words = f"{one['severity']} {one['type']}: {one['directive']} {value}".strip()
        said.statements.add(Statement(words, advice=one["rank"] > SEVERITY_MEDIUM))
    return said


SEVERITY_MEDIUM, SEVERITY_NONE = 30, 100
"""Of csp_evaluator: HIGH is 10, SYNTAX 20, MEDIUM 30; above stand the "maybe", the advice and the
information, and NONE is a remark that nothing is wrong."""


def drheader(installed: Installed, target: Target, rounds: int) -> Said:
    told, process_s = ran(
        [installed.python("drheader"), PEERS / "drheader_scan.py", str(rounds)],
        {"PEERS_TARGET": json.dumps(target.described)},
    )
    said = Said(seconds=told["seconds"], process_s=process_s, errors=[_short_error(one) for one in told["errors"]])
    for one in told["findings"]:
        page = one["page"].split(f":{target.port}", 1)[1]
        anomalies = ", ".join(map(str, one.get("anomalies", ())))
        said.statements.add(Statement(f"{one['rule']}: {one['message']} {anomalies}".strip() + f" ({page})"))
    return said


def _short_error(text: str) -> str:
    found = re.search(r"certificate verify failed: [^(]*", text)
    return (found[0] if found else text)[:120].strip()


def sslyze(installed: Installed, target: Target, rounds: int) -> Said:
    told, process_s = ran(
        [installed.python("sslyze"), "-W", "ignore", PEERS / "sslyze_scan.py", str(rounds)],
        {"PEERS_TARGET": json.dumps(target.described)},
    )
    said = Said(seconds=told["seconds"], process_s=process_s)
    for one in told["findings"]:
        if one["weight"] == "error":
            said.errors.append(f"{one['where']}: {' '.join(one['text'].split())[-160:]}")
        else:
            said.statements.add(Statement(f"{one['text']} ({one['where']})", advice=one["weight"] == "advice"))
    return said


def gonogo(_: Installed, target: Target, rounds: int) -> Said:
    checks = {name for name in network_checks() if name.startswith(CONCERNS)}
    said = Said()
    for _round in range(rounds):
        begun = time.perf_counter()
        judgements = judge("demo", target.demo.variables, checks=checks)
        said.seconds.append(time.perf_counter() - begun)
        said.statements = {Statement(one) for one in judgements.checks(Outcome.FAIL)}
        said.errors = [f"{one.check}: {one.reason}" for one in judgements.every if one.outcome is Outcome.UNKNOWN]
    return said


SCANS: dict[str, Callable[[Installed, Target, int], Said]] = {
    "gonogo": gonogo,
    "Observatory": observatory,
    "csp_evaluator": csp_evaluator,
    "drheader": drheader,
    "sslyze": sslyze,
}


# --- judging ---


def judged(variant: Variant, tool: str, said: Said, healthy: Said) -> Cell:
    """By the rule that the document states: what is said of the variant and not of the healthy demo."""
    new = _changed_tests(said, healthy) if tool == "Observatory" else said.statements - healthy.statements
    strong = sorted({_placeless(one.text) for one in new if not one.advice})
    weak = sorted({_placeless(one.text) for one in new if one.advice})
    if strong:
        return Cell(DETECTED, tuple(strong))
    if said.errors:
        return Cell(ERROR, tuple(dict.fromkeys(said.errors)))
    if weak:
        return Cell(ADVICE, tuple(weak))
    if said.empty or not variant.seen_by(tool):
        return Cell(OUTSIDE)
    return Cell(AWAY if variant.subject.startswith(ELSEWHERE.get(tool, ("\0",))) else SILENT)


def _placeless(text: str) -> str:
    return re.sub(r" \((?:/\S*|\S+ at [\d.]+)\)$", "", text)


def _changed_tests(said: Said, healthy: Said) -> set[Statement]:
    """A test that fails now is a finding; one that still passes with less score is advice."""
    changed = set()
    for key, now in said.results.items():
        before = healthy.results.get(key)
        if before is not None and now["modifier"] < before["modifier"]:
            changed.add(Statement(f"{now['test']}: {now['result']}", advice=bool(now["pass"])))
    return changed


# --- times ---


@dataclass(frozen=True)
class Cost:
    inside_s: float
    """Median of ROUNDS scans in one process."""
    process_s: float
    """Median of ROUNDS processes that scan once."""
    requests: int
    connections: int


def process_s(tool: str, installed: Installed, target: Target, folder: Path) -> float:
    if tool != "gonogo":
        return SCANS[tool](installed, target, 1).process_s
    attached = folder / "demo.json"
    target.demo.publish(attached)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--env=demo", "--profile=security"]
    begun = time.perf_counter()
    done = subprocess.run(
        [*command, f"--reports={folder / 'reports'}"],
        cwd=ROOT, env={**os.environ, provider.ATTACH: str(attached)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"gonogo on the healthy demo ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return time.perf_counter() - begun


def costs(installed: Installed, target: Target, folder: Path) -> dict[str, Cost]:
    """On the healthy demo; the tools alternate, so that a busy moment of the machine falls on all."""
    target.inject()
    processes: dict[str, list[float]] = {tool: [] for tool in TOOLS}
    for _ in range(ROUNDS):
        for tool in TOOLS:
            processes[tool].append(process_s(tool, installed, target, folder))
    found = {}
    for tool in TOOLS:
        inside = SCANS[tool](installed, target, ROUNDS).seconds
        target.demo.reset()
        SCANS[tool](installed, target, 1)
        requests = [one for one in target.demo.log() if one["listener"] in {"https", "http"}]
        connections = [one for one in target.demo.connections() if one["listener"] in {"https", "http"}]
        found[tool] = Cost(median(inside), median(processes[tool]), len(requests), len(connections))
    return found


# --- the document ---

Row = tuple[Variant, dict[str, Cell]]


def scanned_variants(
    variants: Iterable[Variant], installed: Installed, target: Target, healthy: dict[str, Said]
) -> list[Row]:
    """Each tool on each variant; the demo's counters start anew for each tool."""
    found = []
    for variant in variants:
        cells = {}
        for tool in TOOLS:
            if tool == "sslyze" and not variant.subject.startswith(SUBJECTS["sslyze"]):
                cells[tool] = Cell(OUTSIDE)  # it asks for no page, and takes longest
                continue
            target.inject()
            target.inject(variant.id)
            cells[tool] = judged(variant, tool, SCANS[tool](installed, target, 1), healthy[tool])
        print(f"{variant.id:32}" + "  ".join(cells[tool].symbol for tool in TOOLS), flush=True)
        found.append((variant, cells))
    target.inject()
    return found


def for_somebody(row: Row) -> bool:
    """A peer has a test of the variant's subject, or said something of it."""
    variant, cells = row
    return any(variant.seen_by(tool) or cells[tool].symbol != OUTSIDE for tool in TOOLS[1:])


def table(found: Sequence[Row], *, checks: bool) -> list[str]:
    last = ("our checks",) if checks else ("what is wrong",)
    lines = ["| variant | " + " | ".join((*TOOLS, *last)) + " |", "|---|" + ":-:|" * len(TOOLS) + "---|"]
    for family in FAMILIES:
        for variant, cells in found:
            if variant.family == family:
                words = ", ".join(f"`{one}`" for one in variant.trips) if checks else variant.title
                symbols = " | ".join(cells[tool].symbol for tool in TOOLS)
                lines.append(f"| `{variant.id}` | {symbols} | {words} |")
    return lines


def counts(found: Sequence[Row]) -> list[str]:
    """Detected, with those told as advice in brackets, of those whose subject the tool has a test of."""
    lines = ["| family | " + " | ".join(TOOLS) + " |", "|---|" + "--:|" * len(TOOLS)]
    for family in (*FAMILIES, "all"):
        chosen = [row for row in found if family in {row[0].family, "all"}]
        cells = [_share([cells[tool].symbol for _, cells in chosen]) for tool in TOOLS]
        lines.append(f"| {family} ({len(chosen)}) | " + " | ".join(cells) + " |")
    return lines


def _share(symbols: Sequence[str]) -> str:
    looked = [one for one in symbols if one not in UNCOUNTED]
    if not looked:
        return OUTSIDE
    advised = looked.count(ADVICE)
    return f"{looked.count(DETECTED)}{f' (+{advised})' if advised else ''} of {len(looked)}"


def peers_only(found: Sequence[Row]) -> list[str]:
    lines = []
    for variant, cells in found:
        if cells["gonogo"].symbol != SILENT:
            continue
        told = [f"{tool} {cells[tool].symbol} “{_cut(cells[tool].words)}”" for tool in TOOLS[1:] if cells[tool].words]
        lines += [f"- `{variant.id}`: {variant.title}. {'; '.join(told)}."] if told else []
    return lines or ["- None in this run."]


def _cut(words: Sequence[str], limit: int = 130) -> str:
    text = "; ".join(words)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def statements(found: Sequence[Row]) -> list[str]:
    lines = []
    for variant, cells in found:
        told = [f"{tool} {cells[tool].symbol} `{_cut(cells[tool].words)}`" for tool in TOOLS[1:] if cells[tool].words]
        lines += [f"- `{variant.id}`: {'; '.join(told)}"] if told else []
    return lines


def false_alarms(healthy: dict[str, Said]) -> list[str]:
    lines = []
    for tool in TOOLS:
        told = sorted({(one.advice, _placeless(one.text)) for one in healthy[tool].statements})
        words = "; ".join(f"`{text}`{' (advice)' if advice else ''}" for advice, text in told)
        lines.append(f"- **{tool}**: {len(told) or 'none'}{'. ' + words if told else ''}")
        lines += [f"  - it could not finish: {one}" for one in healthy[tool].errors]
    return lines


def time_table(measured: dict[str, Cost]) -> list[str]:
    lines = [
        "| tool | scan alone | with start-up | requests | connections |",
        "|---|--:|--:|--:|--:|",
    ]
    for tool, cost in measured.items():
        requests, connections = (OUTSIDE, OUTSIDE) if tool == "csp_evaluator" else (cost.requests, cost.connections)
        lines.append(f"| {tool} | {_s(cost.inside_s)} | {_s(cost.process_s)} | {requests} | {connections} |")
    return lines


def _s(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds:.2f} s"


def machine() -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}, "
        f"{ssl.OPENSSL_VERSION.rsplit(' ', 3)[0]}, Node {node.removeprefix('v')}"
    )


def document(
    listed: list[Row], more: list[Row], healthy: dict[str, Said], measured: dict[str, Cost], *, now: datetime
) -> str:
    shown = [row for row in listed if for_somebody(row)]
    alone = [variant for variant, cells in listed if not for_somebody((variant, cells))]
    numbers = {name.rsplit("/", 1)[-1]: number for name, number in {**NPM, **PYPI}.items()}
    parts = {
        "DATE": f"{now:%Y-%m-%d}",
        "VERSIONS": ", ".join(
            [f"gonogo {version('gonogo')}", *(f"{name} {number}" for name, number in numbers.items())]
        ),
        "MACHINE": machine(),
        "SHOWN": str(len(shown)),
        "COUNTS": "\n".join(counts(shown)),
        "TABLE": "\n".join(table(shown, checks=True)),
        "ALONE": str(len(alone)),
        "ALONE_IDS": ", ".join(f"`{variant.id}`" for variant in alone),
        "MORE": str(len(more)),
        "MORE_COUNTS": _counted(more),
        "MORE_TABLE": "\n".join(table(more, checks=False)),
        "PEERS_ONLY": "\n".join(peers_only(shown + more)),
        "ALARMS": "\n".join(false_alarms(healthy)),
        "ROUNDS": str(ROUNDS),
        "TIMES": "\n".join(time_table(measured)),
        "STATEMENTS": "\n".join(statements(shown + more)),
    }
    text = (PEERS / "comparison.md.in").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda found: parts[found[1]], text)


def _counted(found: Sequence[Row]) -> str:
    return ", ".join(f"{tool} {_share([cells[tool].symbol for _, cells in found])}" for tool in TOOLS)


@contextmanager
def workshop(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="gonogo-compare-") as folder:
        yield Path(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", type=Path, metavar="DIR", help="install the tools there, and use what is there")
    parser.add_argument("--only", action="append", metavar="ID", help="these variants; nothing is written")
    arguments = parser.parse_args()
    need("npm", "node")
    with workshop(arguments.keep) as folder, launched() as demo:
        installed, target = install(folder), Target(demo)
        target.inject()
        healthy = {tool: SCANS[tool](installed, target, 1) for tool in TOOLS}
        if arguments.only:
            chosen = [one for one in catalogued() + further() if one.id in arguments.only]
            print("\n".join(statements(scanned_variants(chosen, installed, target, healthy))))
            return 0
        measured = costs(installed, target, folder)
        listed = scanned_variants(catalogued(), installed, target, healthy)
        more = scanned_variants(further(), installed, target, healthy)
        DOCUMENT.write_text(document(listed, more, healthy, measured, now=datetime.now(UTC)), encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    ends(main)
