"""Waivers and attestations in the main job: what they accept, what they do not, and that it is told."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from main_job import ROOT, MainJob, Run
from unhurried import environment

from gonogo.cli import main as gonogo

pytestmark = pytest.mark.wait

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of an environment file, with room for whatever stands beside one."""
    (tmp_path / "waived.toml").write_text(environment(), encoding="utf-8")
    return tmp_path


def waiver(*, check: str = "security.hsts.max-age", days: int = 5) -> str:
    created = NOW - timedelta(days=1)
    return (
        f'[[waiver]]\ncheck = "{check}"\nowner = "ops@acme.test"\nreason = "the proxy is being replaced"\n'
        f"created = {created.isoformat(timespec='seconds')}\nexpires = {(created + timedelta(days=days)).isoformat(timespec='seconds')}\n"
    )


def test_a_waived_failure_is_go_and_is_told(job: MainJob, folder: Path) -> None:
    (folder / "waivers.toml").write_text(waiver())
    run = job(f"--env={folder / 'waived.toml'}", "--profile=smoke", "--defect=hsts-short")
    assert run.status == 0, run.output
    assert run.verdict["counts"]["outcomes"]["WAIVED"] == 4  # type: ignore[index]
    assert "ops@acme.test" in (run.folder / "verdict.html").read_text()
    assert run.checks("FAIL") == {"security.hsts.max-age"}, "the raw result stays a failure"
    again = job(f"--env={folder / 'waived.toml'}", f"--replay={run.folder}")
    assert again.status == 0, again.output
    assert (again.folder / "verdict.json").read_bytes() == (run.folder / "verdict.json").read_bytes()


@pytest.mark.slow
def test_an_expired_waiver_accepts_nothing(job: MainJob, folder: Path) -> None:
    (folder / "waivers.toml").write_text(waiver(days=1))
    run = job(f"--env={folder / 'waived.toml'}", "--profile=smoke", "--defect=hsts-short")
    assert run.status == 10, run.output


def gate(run: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The status of `gonogo gate`, in this process."""
    monkeypatch.setattr(sys, "argv", ["gonogo", "gate", str(run), *arguments])
    with pytest.raises(SystemExit) as stop:
        gonogo()
    return int(stop.value.code or 0)


@pytest.mark.slow
def test_a_waiver_never_covers_what_was_not_seen(job: MainJob, folder: Path) -> None:
    (folder / "waivers.toml").write_text(waiver(check="security.*"))
    run = job(f"--env={folder / 'waived.toml'}", "--profile=smoke", "--defect=certificate-untrusted")
    assert run.status == 10, run.output


def requiring(folder: Path) -> Path:
    """A policy that requires an attestation."""
    policy = folder / "policy.toml"
    strict = ROOT / "environments" / "policies" / "strict.toml"
    policy.write_text(strict.read_text() + '\n[require]\nattestations = ["backup-drill"]\n')
    return policy


def test_a_required_attestation_that_is_there(job: MainJob, folder: Path) -> None:
    (folder / "attestations.toml").write_text(
        f'[[attestation]]\nname = "backup-drill"\nowner = "dba@acme.test"\nissued = {(NOW - timedelta(days=3)).isoformat(timespec="seconds")}\n'
        f"expires = {(NOW + timedelta(days=30)).isoformat(timespec='seconds')}\n"
    )
    run = job(f"--env={folder / 'waived.toml'}", "--profile=smoke", f"--gate-policy={requiring(folder)}")
    assert run.status == 0, run.output


def test_a_required_attestation_that_is_missing(smoke: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gate(smoke.folder, monkeypatch) == 0
    assert gate(smoke.folder, monkeypatch, f"--gate-policy={requiring(tmp_path)}") == 11
