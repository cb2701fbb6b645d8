"""Rules of the house that a reader should be able to rely on."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from main_job import ROOT

import gonogo
from gonogo.check import MAX_TITLE
from gonogo.cli.documents import documents
from gonogo.environment.model import Mark, Model, marks, model_in
from gonogo.environment.models import Environment
from gonogo.probes.kinds import KINDS
from gonogo.run.catalogue import catalogue

SOURCE = ROOT / "src" / "gonogo"
ALLOWED: dict[str, set[str]] = {
    # package or loose file: what it may import of gonogo, beside itself. One that is not listed fails.
    "result": set(),
    "door": set(),
    "errors": {"result"},
    "vendor": set(),
    "formats": {"result"},
    "gate": {"result", "errors"},
    "environment": {"errors", "formats", "door"},
    "check": {"errors", "result", "environment"},
    "evidence": {"errors", "door"},
    "probes": {"environment", "evidence", "errors", "formats", "door", "vendor"},
    "gathering": {"probes", "environment", "evidence", "errors", "door"},
    "reports": {"gate", "result", "check", "evidence", "errors", "door"},
    "concerns": {"check", "environment", "evidence", "probes", "reports", "errors", "formats", "result"},
    "run": {"concerns", "reports", "gate", "gathering", "probes", "environment", "evidence", "check", "errors", "formats", "door", "result"},
    "demo": {"errors"},
    "plugin": {"run", "concerns", "reports", "gate", "gathering", "evidence", "check", "errors", "door", "result", "demo"},
    "cli": {"run", "reports", "gate", "environment", "errors", "result", "probes", "demo", "door"},
    "checks": {"check", "concerns", "environment", "evidence", "errors", "formats", "probes", "result"},
}  # fmt: skip
NARROW: dict[tuple[str, str], str] = {
    # of a package only these modules, as a regular expression
    ("concerns", "probes"): r"gonogo\.probes\.\w+\.(request|facts|redirects|accessibility|behaviour)",
    ("concerns", "reports"): r"gonogo\.reports\.(section|model|text|alike|pictures)",
    ("run", "probes"): r"gonogo\.probes\.(kinds|\w+\.(request|facts))",
    ("run", "gathering"): r"gonogo\.gathering\.(plan|job)",
    ("plugin", "gathering"): r"gonogo\.gathering\.job",
    ("cli", "probes"): r"gonogo\.probes\.browser\.browsers",
    ("checks", "probes"): r"gonogo\.probes\.\w+\.(request|facts|redirects|accessibility|behaviour)",
}
WRITES = re.compile(r"^(write_text|write_bytes|touch|symlink_to|mkstemp|NamedTemporaryFile|copy2?|copyfile|copytree)$")
LOOSE = {"__init__", "check", "door", "errors", "result"}
LONG = {"formats/csp_review.py"}
"""One rule a function, and reads well."""
PURE = ("formats", "gate", "result")
IMPURE = {"pytest", "httpx", "socket", "subprocess", "playwright", "psycopg", "os", "pathlib", "time"}


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" if node.module == "gonogo" else node.module for alias in node.names}
    return found


def _files(package: str) -> list[Path]:
    return (
        [SOURCE / f"{package}.py"] if (SOURCE / f"{package}.py").exists() else sorted((SOURCE / package).rglob("*.py"))
    )


def _source(package: str) -> list[Path]:
    return sorted((ROOT / "checks").rglob("*.py")) if package == "checks" else _files(package)


def _ours(path: Path) -> set[str]:
    return {name for name in _imports(path) if name.startswith("gonogo.") and name != "gonogo.__version__"}


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_down(package: str) -> None:
    wrong = set()
    for path in _source(package):
        for name in _ours(path):
            other = name.split(".")[1]
            public = package == "checks" and other in {"Finding", "Severity"}  # names of the package itself
            if other not in ALLOWED[package] | {package} and not public:
                wrong.add(f"{path.relative_to(ROOT)} imports {name}")
            elif not re.fullmatch(NARROW.get((package, other), ".*"), name):
                wrong.add(f"{path.relative_to(ROOT)} imports {name}, wanted {NARROW[package, other]}")
    assert wrong == set()


def test_every_package_is_listed() -> None:
    found = {path.stem if path.is_file() else path.name for path in SOURCE.iterdir() if not path.name.startswith("__p")}
    assert found - {"__init__", "py"} == set(ALLOWED) - {"checks"}


def test_no_package_imports_one_that_imports_it() -> None:
    """Listed or not: what stands above nothing else may be reached from below."""
    above = {package: {name.split(".")[1] for path in _files(package) for name in _ours(path)} & set(ALLOWED) - {package} for package in ALLOWED if package != "checks"}  # fmt: skip

    def reached(package: str, seen: frozenset[str] = frozenset()) -> set[str]:
        return above[package].union(*(reached(one, seen | {package}) for one in above[package] - seen - {package}))

    assert {package for package in above if package in reached(package)} == set()


def test_no_module_imports_itself_in_a_circle() -> None:
    """At import time; what is imported within a function or for types alone makes no circle."""
    graph: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        graph[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = _at_import(path)
    state: dict[str, int] = {}
    circles: list[str] = []

    def visit(name: str, way: tuple[str, ...]) -> None:
        state[name] = 1
        for other in graph[name] & set(graph):
            if state.get(other) == 1:
                circles.append(" -> ".join((*way[way.index(other) if other in way else 0 :], name, other)))
            elif other not in state:
                visit(other, (*way, name))
        state[name] = 2

    for name in sorted(graph):
        if name not in state:
            visit(name, ())
    assert circles == []


def _at_import(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # A name of a package is a module of its own, where there is one of this name.
            found |= {
                f"{node.module}.{alias.name}" if _is_module(f"{node.module}.{alias.name}") else node.module
                for alias in node.names
            }
    return {name for name in found if name.startswith("gonogo.")}


def _is_module(name: str) -> bool:
    path = SOURCE.parent.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _opens_for_writing(call: ast.Call) -> bool:
    if _called(call) in {"open", "fdopen"}:
        modes = [
            one.value for one in (*call.args, *(word.value for word in call.keywords)) if isinstance(one, ast.Constant)
        ]
        return any(isinstance(mode, str) and re.fullmatch(r"[wxa][bt+]*|r[bt]*\+[bt]*", mode) for mode in modes)
    return bool(WRITES.match(_called(call)))


def test_one_door_to_disk() -> None:
    """The demo writes files of its own target; everything else goes through `gonogo.door`, which scrubs."""
    wrong = {
        f"{path.relative_to(SOURCE)}:{call.lineno} {_called(call)}"
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).parts[0] not in {"demo", "door.py"}
        for call in _calls(path)
        if _opens_for_writing(call) and not (isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") in {"door", "replace"})
        and not (isinstance(call.func, ast.Name) and call.func.id == "write_bytes")
    }  # fmt: skip
    assert wrong == set()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("path.write_text('x')", True),
        ("open('a', 'w')", True),
        ("path.open('ab')", True),
        ("path.open(mode='r+b')", True),
        ("os.fdopen(1, 'w')", True),
        ("shutil.copy2(a, b)", True),
        ("path.open('rb')", False),
        ("path.read_text()", False),
    ],
)
def test_what_writes_is_told_from_what_reads(text: str, wanted: bool) -> None:
    (call,) = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    assert _opens_for_writing(call) is wanted


def test_no_cache_is_keyed_by_identity() -> None:
    """The id of an object that is gone is given to another. The loader's are of nodes of a tree that it holds meanwhile."""
    wrong = {
        f"{path.relative_to(SOURCE)}:{call.lineno}"
        for path in SOURCE.rglob("*.py")
        if path != SOURCE / "environment" / "load.py"
        for call in _calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "id"
    }
    assert wrong == set()


def test_every_kind_is_complete() -> None:
    """Each request class stands in exactly one kind, whose module gathers and whose folder has its four parts."""
    asked = {
        value
        for path in sorted((SOURCE / "probes").glob("*/request.py"))
        for value in vars(importlib.import_module(f"gonogo.probes.{path.parent.name}.request")).values()
        if isinstance(value, type) and value.__module__.endswith(".request") and "probe" in vars(value)
    }
    assert {kind.request for kind in KINDS.values()} == asked, "a kind is not listed in probes/kinds.py"
    for name, kind in KINDS.items():
        assert kind.name == kind.request.probe == name
        assert is_dataclass(kind.facts)
        for field in fields(kind):
            assert getattr(kind, field.name) is not None, f"{name} has no {field.name}"
        package = kind.request.__module__.rpartition(".")[0]
        for part in ("request", "facts", "summary", "kind"):
            importlib.import_module(f"{package}.{part}")
        assert inspect.iscoroutinefunction(importlib.import_module(kind.module).gather), kind.module


def _models(model: type[Model] = Environment) -> dict[str, type[Model]]:
    found = {model.__name__: model}
    for info in model.model_fields.values():
        if (inner := model_in(info.annotation)) is not None:
            found |= _models(inner)
    return found


UNMARKED = {
    ("JourneyStep", "role"), ("Api", "url"), ("Endpoint", "path"), ("Analytics", "hosts"), ("ErrorTracking", "forbid_hosts"),
    ("JourneyStep", "url"), ("ErrorTracking", "host"), ("Environment", "roles"), ("JourneyStep", "file"),
}  # fmt: skip
"""Fields whose name sounds like a role, host or file, and whose value is none: an ARIA role, a pattern."""


def test_every_section_answers_for_its_hosts_roles_and_files() -> None:
    """By the types of its values, so that lint, guard and replay need no list: a field that names one is marked as one."""
    wanted = {"role": Mark.ROLE, "roles": Mark.ROLE, "url": Mark.REACHED, "host": Mark.REACHED, "hosts": Mark.REACHED, "aliases": Mark.REACHED,
              "file": Mark.FILE, "policy": Mark.FILE, "directory": Mark.FOLDER}  # fmt: skip
    unmarked = {
        (name, field)
        for name, model in _models().items()
        for field, info in model.model_fields.items()
        if (mark := wanted.get(field.rpartition("_")[2])) is not None and model_in(info.annotation) is None
        if mark not in marks(model, field)
    }
    assert unmarked - UNMARKED == set()


def test_files_are_of_a_size_that_one_reads() -> None:
    lines = {
        path.relative_to(SOURCE).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in SOURCE.rglob("*.py")
    }
    assert {name for name, count in lines.items() if count > 600} - LONG == set()
    assert {name for name, count in lines.items() if name.startswith("plugin/") and count > 400} == set()
    assert {path.stem for path in SOURCE.glob("*.py")} == LOOSE


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_know_no_io(package: str) -> None:
    wrong = {
        f"{path.name} imports {name}"
        for path in _files(package)
        for name in _imports(path)
        if name.split(".")[0] in IMPURE
    }
    assert wrong == set()


def test_only_the_plugin_knows_pytest() -> None:
    """`gonogo run` starts it, and imports nothing of it."""
    knowing = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if "pytest" in {name.split(".")[0] for name in _imports(path)}
    }
    assert {name.partition("/")[0] for name in knowing} == {"plugin"}


def test_only_the_plugin_and_the_command_line_start_the_demo() -> None:
    knowing = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(name.startswith("gonogo.demo") for name in _imports(path)) and not path.is_relative_to(SOURCE / "demo")
    }
    assert {name.partition("/")[0] for name in knowing} == {"plugin", "cli"}


def test_public_names() -> None:
    assert gonogo.__all__ == [
        "Finding",
        "GonogoError",
        "Outcome",
        "Result",
        "Severity",
        "Shortfall",
        "__version__",
        "check",
    ]


def test_ids_are_never_lost() -> None:
    """docs/check-ids.txt holds every id that ever was; a retired one is marked `retired`, and never used again."""
    lines = (ROOT / "docs" / "check-ids.txt").read_text().split("\n")
    known = {line.split()[0]: line.split()[1:] for line in lines if line and not line.startswith("#")}
    current = set(catalogue())
    assert current - set(known) == set(), "add new ids to docs/check-ids.txt"
    assert {name for name, marks in known.items() if not marks} - current == set(), "mark retired ids `retired`"
    assert {name for name, marks in known.items() if marks} & current == set(), "a retired id is never reused"


def test_cards_are_complete() -> None:
    for name, entry in catalogue().items():
        card = entry.card
        assert re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+\.[a-z0-9-]+", name), name
        assert len(card.title) <= MAX_TITLE
        assert card.section("Fix"), f"{name} says no fix"
        assert card.section("See").startswith("https://"), f"{name} names no source"
        assert "full" in card.profiles


def test_there_are_at_least_forty_checks_and_three_of_each_concern() -> None:
    concerns: dict[str, int] = {}
    for name in catalogue():
        concerns[name.partition(".")[0]] = concerns.get(name.partition(".")[0], 0) + 1
    assert sum(concerns.values()) >= 40
    wanted = {"availability", "tls", "security", "api", "consent", "vitals", "database", "load", "delivery"}
    assert {concern for concern in wanted if concerns.get(concern, 0) < 3} == set()


@pytest.mark.parametrize("name", list(documents()))
def test_generated_files_are_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == documents()[name], "run `make docs`"


IMPORT = re.compile(r"from (gonogo[\w.]*) import (\([^)]*\)|[^\n\"'\\;]*)")


@pytest.mark.parametrize("folder", ["tests", "benchmarks", "docs"])
def test_what_programs_in_texts_import_is_there(folder: str) -> None:
    """No type check reads a program that a test hands to `python -c`, nor an example of the docs."""
    missing: list[str] = []
    for path in sorted([*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.md")]):
        for module, names in IMPORT.findall(path.read_text()):
            found = importlib.import_module(module)
            missing += [
                f"{path.relative_to(ROOT)}: {module} has no {name}"
                for name in re.findall(r"(\w+)(?: as \w+)?", re.sub(r"#.*", "", names))
                if not hasattr(found, name) and not importlib.util.find_spec(f"{module}.{name}")
            ]
    assert not missing, missing
