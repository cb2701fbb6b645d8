"""Finding, launching and installing a browser."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from gonogo.errors import Unavailable
from gonogo.probes.browser import browsers
from gonogo.probes.browser.browsers import BrowserIdentity, Candidate, find, install, launch, verify

pytestmark = pytest.mark.wait


async def _launch(explicit: str | None) -> BrowserIdentity:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser, identity = await launch(playwright, explicit=explicit)
        await browser.close()
        return identity


def test_the_order_is_our_own_then_channels_then_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONOGO_BROWSER", raising=False)
    names = [candidate.name for candidate in find()]
    assert names[:3] == ["playwright-chromium", "chrome", "msedge"]
    assert names[3:6] == ["chromium-headless-shell", "chromium", "chromium-browser"]
    assert find("") == find()


@pytest.mark.parametrize(
    ("wanted", "candidate"),
    [
        ("/opt/x/chrome", Candidate("chrome", path="/opt/x/chrome")),
        ("chrome", Candidate("chrome", channel="chrome")),
        ("msedge-beta", Candidate("msedge-beta", channel="msedge-beta")),
        ("chromium-headless-shell", Candidate("chromium-headless-shell", command="chromium-headless-shell")),
        ("my-browser", Candidate("my-browser", command="my-browser")),
    ],
)
def test_an_explicit_browser_is_a_path_a_channel_or_a_command(
    monkeypatch: pytest.MonkeyPatch, wanted: str, candidate: Candidate
) -> None:
    monkeypatch.setenv("GONOGO_BROWSER", wanted)
    assert find() == [candidate]


def test_an_explicit_browser_that_fails_is_the_error_and_nothing_else_is_tried(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    for wanted in (str(broken), str(tmp_path / "absent"), "no-such-command"):
        with pytest.raises(Unavailable) as caught:
            asyncio.run(_launch(wanted))
        text = str(caught.value)
        assert text.startswith(f"the browser named by GONOGO_BROWSER could not be launched ({Path(wanted).name}: ")
        assert all(remedy in text for remedy in browsers.REMEDIES)
        assert "\n" not in text


def test_without_any_browser_every_attempt_and_every_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    candidates = [
        Candidate("here", path=str(tmp_path / "none")),
        Candidate("there", command="no-such-command"),
        Candidate("elsewhere", command="no-such-command-either"),
    ]
    monkeypatch.setattr(browsers, "find", lambda explicit=None: candidates)
    with pytest.raises(Unavailable) as caught:
        asyncio.run(_launch(""))
    text = str(caught.value)
    assert f"Tried: here: there is no {tmp_path / 'none'}; there, elsewhere: not on PATH." in text
    assert text.index("gonogo browser install") < text.index("Tried: ")
    assert "\n" not in text
    assert [len(line) > 80 for line in browsers.told(caught.value).splitlines()].count(True) == 0
    for remedy in (
        "gonogo browser install",
        "apt-get install chromium-headless-shell",
        "GONOGO_BROWSER=",
        "snap",
    ):
        assert remedy in text


def test_looking_for_browsers_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The driver makes a profile for a browser before it finds that there is none."""
    monkeypatch.delenv("GONOGO_BROWSER", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    asyncio.run(_launch(""))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Unavailable, match="there is no /nowhere/chromium"):
        asyncio.run(_launch("/nowhere/chromium"))
    assert list(tmp_path.iterdir()) == []


def test_a_browser_that_launches_says_which_it_is() -> None:
    identity = asyncio.run(verify())
    assert identity.version.count(".") == 3
    assert str(identity) == f"{identity.name} {identity.version}"


def test_install_does_nothing_where_a_browser_launches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsers, "_run", lambda *_: pytest.fail("nothing had to be run"))
    said: list[str] = []
    assert install(said.append) == 0
    assert len(said) == 1
    assert said[0].startswith("A browser is here already: ")


def test_install_leaves_an_explicit_browser_to_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsers, "_run", lambda *_: pytest.fail("nothing had to be run"))
    monkeypatch.setenv("GONOGO_BROWSER", "/nowhere/chromium")
    said: list[str] = []
    assert install(said.append) == 1
    assert "/nowhere/chromium" in said[0]


def _simulated(monkeypatch: pytest.MonkeyPatch, *, works_after: str) -> list[str]:
    """A Debian as root where a browser launches once a command that holds `works_after` has run."""
    ran: list[str] = []

    def run(command: list[str], timeout_s: float) -> str:
        ran.append(" ".join(command))
        return "exit status 1: no network" if "playwright" in command and works_after != "playwright" else ""

    def launches(echo: object, *, quiet: bool) -> BrowserIdentity | None:
        done = bool(works_after) and any(works_after in line for line in ran)
        return BrowserIdentity("chromium", "/usr/bin/chromium", "1.2.3.4") if done else None

    monkeypatch.delenv("GONOGO_BROWSER", raising=False)
    monkeypatch.setattr(browsers, "_run", run)
    monkeypatch.setattr(browsers, "_launches", launches)
    monkeypatch.setattr(browsers, "_os_release", lambda: {"ID": "debian"})
    monkeypatch.setattr(browsers.os, "geteuid", lambda: 0)
    monkeypatch.setattr(browsers.sys, "platform", "linux")
    return ran


def test_the_download_is_tried_first_and_suffices(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = _simulated(monkeypatch, works_after="playwright")
    assert install(lambda _: None) == 0
    assert ran == [f"{sys.executable} -m playwright install --only-shell chromium"]


def test_the_distributions_package_is_tried_next(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = _simulated(monkeypatch, works_after="chromium-headless-shell")
    said: list[str] = []
    assert install(said.append) == 0
    assert [line.split()[-1] for line in ran] == ["chromium", "update", "chromium-headless-shell"]
    assert "  exit status 1: no network" in said
    assert said[-1] == "Installed: chromium 1.2.3.4 at /usr/bin/chromium."


def test_installed_but_not_launching_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    _simulated(monkeypatch, works_after="")
    said: list[str] = []
    assert install(said.append) == 1
    assert any("apt-get install" in line for line in said)


@pytest.mark.parametrize(
    ("release", "wanted"),
    [
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "--with-deps"),
        ({"ID": "fedora"}, "dnf install"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "dnf install"),
        ({"ID": "alpine"}, "apk add"),
        ({"ID": "raspbian", "ID_LIKE": "debian"}, "apt-get"),
        ({}, "package manager"),
    ],
)
def test_each_system_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, release: dict[str, str], wanted: str) -> None:
    monkeypatch.setattr(browsers.sys, "platform", "linux")
    assert wanted in browsers._advice(release)


def test_nobody_becomes_root_without_a_right_to() -> None:
    ways = browsers._ways({"ID": "debian"}, root=False, sudo=False)
    assert [command[1:4] for command, _ in ways] == [["-m", "playwright", "install"]]
    commands = [command for command, _ in browsers._ways({"ID": "debian"}, root=False, sudo=True)]
    assert all(command[:2] == ["sudo", "-n"] for command in commands[1:])


def test_a_command_is_stopped_with_its_children_when_its_time_is_over() -> None:
    began = time.monotonic()
    assert browsers._run(["sh", "-c", "sleep 30 & sleep 30"], 0.2) == "stopped after 0 s"
    assert time.monotonic() - began < 5
    assert browsers._run(["sh", "-c", "echo fine"], 5) == ""
    assert (
        browsers._run(["sh", "-c", "echo 'Error: disk full'; echo bye; exit 4"], 5) == "exit status 4: Error: disk full"
    )
    assert browsers._run(["/nowhere/command"], 5).startswith("could not be started")
