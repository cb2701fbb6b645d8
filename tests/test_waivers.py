"""Waivers and attestations in the main job: what they accept, what they do not, and that it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from main_job import ROOT, MainJob

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    environments = ROOT / "environments"
    (tmp_path / "waived.toml").write_text(
        f'extends = "{environments / "demo.toml"}"\npolicy = "{environments / "policies" / "strict.toml"}"\nload = []\n'
    )
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


def test_an_expired_waiver_accepts_nothing(job: MainJob, folder: Path) -> None:
    (folder / "waivers.toml").write_text(waiver(days=1))
    run = job(f"--env={folder / 'waived.toml'}", "--profile=smoke", "--defect=hsts-short")
    assert run.status == 10, run.output


def test_a_waiver_never_covers_what_was_not_seen(job: MainJob, folder: Path) -> None:
    (folder / "waivers.toml").write_text(waiver(check="security.*"))
    run = job(f"--env={folder / 'waived.toml'}", "--profile=smoke", "--defect=certificate-untrusted")
    assert run.status == 10, run.output


@pytest.mark.parametrize(("attested", "status"), [(True, 0), (False, 11)])
def test_a_required_attestation(attested: bool, status: int, job: MainJob, folder: Path) -> None:
    policy = folder / "policy.toml"
    policy.write_text(
        (ROOT / "environments" / "policies" / "strict.toml").read_text()
        + '\n[require]\nattestations = ["backup-drill"]\n'
    )
    if attested:
        (folder / "attestations.toml").write_text(
            f'[[attestation]]\nname = "backup-drill"\nowner = "dba@acme.test"\nissued = {(NOW - timedelta(days=3)).isoformat(timespec="seconds")}\n'
            f"expires = {(NOW + timedelta(days=30)).isoformat(timespec='seconds')}\n"
        )
    run = job(f"--env={folder / 'waived.toml'}", "--profile=smoke", f"--gate-policy={policy}")
    assert run.status == status, run.output
