"""The life of the demo's process: it starts, says so, and never outlives whoever started it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.demo import provider
from gonogo.errors import Unavailable

PARENT = """
import json, sys, time
from gonogo.demo import provider
demo = provider.start()
print(json.dumps({"pid": demo.pid, "ca": demo.variables["DEMO_CA_FILE"]}), flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    """Running, and not a zombie that only waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid: int) -> set[int]:
    found, todo = set(), [pid]
    while todo:
        for child in Path(f"/proc/{todo.pop()}/task").glob("*/children"):
            new = {int(one) for one in child.read_text().split()} - found
            found |= new
            todo += new
    return found


def eventually(condition: Callable[[], bool], *, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads processes from /proc")
@pytest.mark.parametrize("victim", ["parent", "demo"])
def test_a_kill_leaves_nothing_behind(victim):
    environment = {**os.environ, "PYTHONPATH": str(provider.SOURCE)}
    environment.pop(provider.ATTACH, None)
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment)
    with parent:
        told = json.loads(parent.stdout.readline())
        family = {told["pid"], *descendants(told["pid"])}
        names = {Path(f"/proc/{pid}/comm").read_text().strip() for pid in family}
        assert "postgres" in names
        os.kill(parent.pid if victim == "parent" else told["pid"], signal.SIGKILL)
        assert eventually(lambda: not any(map(alive, family))), names
        parent.kill()
    folder = Path(told["ca"]).parent
    if victim == "parent":
        assert not folder.exists()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_signal_ends_it_in_order():
    demo = provider.start()
    assert demo.pid is not None
    family = {demo.pid, *descendants(demo.pid)}
    folder = Path(demo.variables["DEMO_CA_FILE"]).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    os.kill(demo.pid, signal.SIGTERM)
    demo.stop()
    assert eventually(lambda: not any(map(alive, family)))
    assert not folder.exists()
    demo.stop()


def test_a_start_that_fails_tells_why(monkeypatch, tmp_path):
    monkeypatch.setenv("GONOGO_PG_BIN", str(tmp_path))
    with pytest.raises(Unavailable, match=r"did not start: it ended\n.*GONOGO_PG_BIN is .* holds no `postgres`"):
        provider.start()


def test_a_missing_extra_is_named(monkeypatch, tmp_path):
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError('No module named uvicorn', name='uvicorn')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"needs uvicorn: pip install 'gonogo\[demo\]'"):
        provider.start()


def test_a_start_that_hangs_is_ended(monkeypatch):
    with pytest.raises(Unavailable, match=r"no answer within 0\.05 s"):
        provider.start(timeout_s=0.05)


def test_planning_starts_nothing_and_imports_nothing_heavy():
    code = (
        "import sys\nfrom gonogo.demo import provider\nplanned = provider.planned_variables()\n"
        "heavy = {'uvicorn', 'starlette', 'psycopg', 'cryptography', 'playwright', 'pydantic'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy\nprint(sorted(planned))"
    )
    environment = {**os.environ, "PYTHONPATH": str(provider.SOURCE)}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert all(name in told.stdout for name in provider.SECRET_NAMES)


def test_planned_and_real_variables_have_the_same_names(running_demo):
    assert set(provider.planned_variables()) == set(running_demo.variables)
