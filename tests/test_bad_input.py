"""A user's mistake gets one clear message and the right exit status; never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from main_job import ROOT, MainJob, main_job

from gonogo.cli import main as gonogo

pytestmark = pytest.mark.wait


def _env(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


MINIMAL = 'name = "mine"\ntier = "development"\n[site]\nurl = "http://127.0.0.1:9"\n'


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--env=stagin"], 4, ["stagin", "did you mean 'staging'"]),
        (["--env=demo", "--profile=quick"], 4, ["no such profile", "smoke, security, full, nightly"]),
        (["--env=demo", "--defect=hsts-shrt"], 4, ["hsts-shrt", "did you mean 'hsts-short'"]),
        (["--env=staging", "--defect=hsts-short"], 4, ["demo only"]),
        (["--defect=hsts-short"], 4, ["need --env"]),
        (["--env=demo", "--replay=/nowhere/run"], 21, ["/nowhere/run"]),
        ([], 4, ["--env=demo"]),
    ],
    ids=[
        "unknown-environment",
        "unknown-profile",
        "unknown-defect",
        "defect-on-real",
        "defect-alone",
        "no-run",
        "no-environment",
    ],
)
def test_command_line(arguments: list[str], status: int, words: list[str], tmp_path: Path) -> None:
    run = main_job(*arguments, reports=tmp_path)
    assert run.status == status, run.output
    assert "Traceback" not in run.output
    assert "INTERNALERROR" not in run.output
    for word in words:
        assert word in run.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MINIMAL.replace("tier", "teir"), ["mine.toml:2", "teir", "did you mean"]),
        (
            MINIMAL.replace("http://127.0.0.1:9", "${GONOGO_TEST_UNSET}"),
            ["mine.toml:4", "GONOGO_TEST_UNSET", "not set"],
        ),
        (MINIMAL + "[limits]\nrequests = 0\nrate = 3\n", ["mine.toml:6", "mine.toml:7", "rate"]),
        (MINIMAL + "[site\n", ["mine.toml:5"]),
        ('policy = "nope.toml"\n' + MINIMAL, ["nope.toml"]),
        (MINIMAL.replace("development", "production"), ["mine.toml:4", "127.0.0.1"]),
    ],
    ids=["typo", "unset", "all-at-once", "toml", "no-policy", "placeholder-on-production"],
)
def test_environment_file(text: str, words: list[str], tmp_path: Path) -> None:
    run = main_job(f"--env={_env(tmp_path, text)}", reports=tmp_path / "reports")
    assert run.status in {4, 20}, run.output
    assert "Traceback" not in run.output
    for word in words:
        assert word in run.output, run.output


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["plan"],
        ["gate"],
        ["explain"],
        ["env", "show"],
        ["list", "--jsn"],
        ["list", "--profile=bogus"],
        ["demo", "--defect=hsts-shrt"],
        ["plan", "--env=nowhere"],
    ],
)
def test_gonogo_usage(arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["gonogo", *arguments])
    with pytest.raises(SystemExit) as stop:
        gonogo()
    told = capfd.readouterr()
    assert stop.value.code == 20
    assert len(told.out + told.err) > 20
    assert "Traceback" not in told.err
    assert len(told.out + told.err) < 5000


def test_a_misspelt_defect_is_told_the_nearest(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, hint in {"hsts-shrt": "; did you mean 'hsts-short'?", "zzz": ";"}.items():
        monkeypatch.setattr("sys.argv", ["gonogo", "demo", f"--defect={name}"])
        with pytest.raises(SystemExit) as stop:
            gonogo()
        assert stop.value.code == 20
        assert capfd.readouterr().err == f"--defect={name}: no such defect{hint} `gonogo defects` lists them\n"


def test_policy_with_an_unknown_check(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('version = 1\n[require]\nchecks = ["security.hsts.max-aje"]\n')
    run = main_job(f"--env={_env(tmp_path, MINIMAL)}", f"--gate-policy={policy}", reports=tmp_path / "reports")
    assert run.status == 20, run.output
    assert "security.hsts.max-aje" in run.output
    assert "security.hsts.max-age" in run.output
    assert "Traceback" not in run.output


def test_missing_browser_is_unknown_with_its_remedy(job: MainJob) -> None:
    run = job("-k", "console", env={"GONOGO_BROWSER": "/nowhere/chrome"})
    assert run.checks("UNKNOWN") == {"browser.console.clean"}, run.told()
    assert "/nowhere/chrome" in run.told()
    assert "GONOGO_BROWSER" in run.told()
    assert "gonogo browser install" in run.told()


def test_without_any_browser_the_reason_is_told_once_and_whole(job: MainJob, tmp_path: Path) -> None:
    """A newcomer's first run: no download, no browser on PATH."""
    nothing = {"PLAYWRIGHT_BROWSERS_PATH": str(tmp_path), "PATH": str(tmp_path), "GONOGO_BROWSER": "", "COLUMNS": "80"}
    run = job("-k", "console or csp_in_browser or requests", env=nothing)
    assert len(run.checks("UNKNOWN")) > 1, run.told()
    told = run.output[run.output.index("partial run") :]
    flat = " ".join(told.split())
    for remedy in (
        "gonogo browser install",
        "apt-get install chromium-headless-shell",
        "GONOGO_BROWSER=/path/to/chromium",
    ):
        assert flat.count(remedy) == 1, told
    assert "\\n" not in told
    assert max(map(len, told.splitlines()[2:])) <= 80, told
    for check in run.checks("UNKNOWN"):
        assert check in told


def test_missing_driver_is_unknown_with_its_remedy(job: MainJob, tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('no psycopg here')\n")
    run = job("-k", "database", env={"PYTHONPATH": f"{tmp_path}:{ROOT / 'src'}"})
    assert run.checks("UNKNOWN") >= {"database.connection.reachable"}, run.told()
    assert "psycopg" in run.told()
    assert run.checks("PASS") == set()
