"""Finding, launching and installing a Chromium.

A candidate counts when it launches, not when a file exists; the error of each that did not is kept.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.errors import Unavailable

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

VARIABLE = "GONOGO_BROWSER"
CHANNELS = ("chrome", "msedge")
"""Branded browsers that Playwright knows where to look for."""
_PLACES = {
    "linux": {"chrome": "/opt/google/chrome/chrome", "msedge": "/opt/microsoft/msedge/msedge"},
    "darwin": {
        "chrome": "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "msedge": "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    },
}
"""Where Playwright looks for them."""
SYSTEM_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "brave-browser",
    "brave",
)
"""Executables on PATH, the lightest first."""
_CHANNEL_FAMILIES = ("chrome", "msedge", "chromium")
_LAUNCH_TIMEOUT_S = 30.0
_DOWNLOAD_TIMEOUT_S = 300.0
_PACKAGE_TIMEOUT_S = 600.0
_REASON_CHARACTERS = 300

REMEDIES = (
    "`gonogo browser install`",
    "`apt-get install chromium-headless-shell` (Debian)",
    f"`{VARIABLE}=/path/to/chromium` or `{VARIABLE}=chrome` (a browser that is already here)",
)
"""Each helps by itself."""
_NOT_ON_UBUNTU = "Ubuntu's package `chromium` is a snap, which does not start in most containers"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One browser to try: by path, by Playwright's channel, by name on PATH, or (all empty) its own."""

    name: str
    path: str = ""
    channel: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class BrowserIdentity:
    """Which browser was launched; Web Vitals are comparable only between equals."""

    name: str
    path: str
    """Empty where Playwright chose the path."""
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


OWN = Candidate("playwright-chromium")


def preferred() -> str:
    """What the person who started gonogo asked for in GONOGO_BROWSER: a path, a channel, or empty."""
    return os.environ.get(VARIABLE, "").strip()


def find(explicit: str | None = None) -> list[Candidate]:
    """The browsers to try, in order. An explicit one (default: GONOGO_BROWSER) never falls through."""
    wanted = preferred() if explicit is None else explicit
    if wanted:
        return [_explicit(wanted)]
    return [
        OWN,
        *(Candidate(name, channel=name) for name in CHANNELS),
        *(Candidate(name, command=name) for name in SYSTEM_NAMES),
    ]


def _explicit(wanted: str) -> Candidate:
    if "/" in wanted or wanted.startswith("~"):
        path = Path(wanted).expanduser()
        return Candidate(path.name, path=str(path))
    if wanted.partition("-")[0] in _CHANNEL_FAMILIES and wanted not in SYSTEM_NAMES:
        return Candidate(wanted, channel=wanted)
    return Candidate(wanted, command=wanted)


async def launch(
    playwright: Playwright, *, args: Sequence[str] = (), explicit: str | None = None, traces: Path | None = None
) -> tuple[Browser, BrowserIdentity]:
    """Launch the first candidate that starts. `traces`: where traces are made, if not in a temporary folder.

    Raises Unavailable, which lists every attempt with its reason and what can be done.
    """
    from playwright.async_api import Error

    attempts: dict[str, list[str]] = {}
    for candidate in find(explicit):
        path = candidate.path or (shutil.which(candidate.command) if candidate.command else "")
        if absence := _absence(candidate, path, playwright):
            attempts.setdefault(absence, []).append(candidate.name)
            continue
        try:
            browser = await playwright.chromium.launch(
                headless=True,
                args=list(args),
                executable_path=path or None,
                channel=candidate.channel or None,
                traces_dir=traces,
                timeout=_LAUNCH_TIMEOUT_S * 1000,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except Error as error:
            attempts.setdefault(_reason(error.message), []).append(candidate.name)
            continue
        return browser, BrowserIdentity(candidate.name, path or "", browser.version)
    raise Unavailable(_explain(attempts, explicit))


def _absence(candidate: Candidate, path: str | None, playwright: Playwright) -> str:
    """Why there is nothing to launch; empty where there is something to try.

    The driver would say so too, but it leaves a profile's folder behind for each browser that it does not find.
    """
    if path is None:
        return "not on PATH"
    if candidate == OWN and not _downloaded(playwright):
        return "not installed"
    place = path or _PLACES.get(sys.platform, {}).get(candidate.channel, "")
    return f"there is no {place}" if place and not Path(place).exists() else ""


def _downloaded(playwright: Playwright) -> bool:
    """Whether the driver's folder of browsers holds a Chromium, whole or headless shell only."""
    return any(Path(playwright.chromium.executable_path).parents[2].glob("chromium*"))


def _reason(message: str) -> str:
    """The first line that says something, without Playwright's frame and call log."""
    lines = [line.strip(" ║╔═╗╚╝\t") for line in message.removeprefix("BrowserType.launch: ").splitlines()]
    return next((line for line in lines if line), "no reason given")[:_REASON_CHARACTERS]


def _explain(attempts: Mapping[str, Sequence[str]], explicit: str | None) -> str:
    """One line, for it stands in reports and in tables; what helps before what was tried, since reports cut at the end."""
    helps = f"What helps, one of: {'; '.join(REMEDIES)}"
    tried = "; ".join(f"{', '.join(names)}: {why}" for why, names in attempts.items())
    if preferred() if explicit is None else explicit:
        head = f"the browser named by {VARIABLE} could not be launched ({tried}), and no other is tried while it is set"
        return f"{head}. {helps}."
    return f"no Chromium could be launched. {helps}. Tried: {tried}. {_NOT_ON_UBUNTU}."


def told(error: Unavailable, *, width: int = 80) -> str:
    """Its words for a terminal, broken at spaces."""
    return textwrap.fill(str(error), width, break_long_words=False, break_on_hyphens=False)


async def verify(explicit: str | None = None) -> BrowserIdentity:
    """Launch a browser, let it show a page, close it. Raises Unavailable."""
    from playwright.async_api import Error, async_playwright

    async with async_playwright() as playwright:
        browser, identity = await launch(playwright, explicit=explicit)
        try:
            page = await browser.new_page()
            await page.goto("about:blank")
        except Error as error:
            raise Unavailable(f"{identity} starts but shows no page: {_reason(error.message)}") from error
        finally:
            await browser.close()
        return identity


def install(echo: Callable[[str], None]) -> int:
    """Get a browser onto this machine: Playwright's download first, then the distribution's package.

    Returns 0 only when a browser launches afterwards; at once when one already does.
    """
    launched = _launches(echo, quiet=True)
    if launched is not None:
        echo(f"A browser is here already: {launched}{_at(launched)}.")
        return 0
    if preferred():
        _launches(echo, quiet=False)
        return 1
    for command, timeout_s in _ways(_os_release(), root=os.geteuid() == 0, sudo=_sudo_without_password()):
        echo(f"Trying: {' '.join(command)}")
        problem = _run(command, timeout_s)
        if problem:
            echo(f"  {problem}")
            continue
        launched = _launches(echo, quiet=True)
        if launched is not None:
            echo(f"Installed: {launched}{_at(launched)}.")
            return 0
    echo(_advice(_os_release()))
    _launches(echo, quiet=False)
    return 1


def _at(identity: BrowserIdentity) -> str:
    return f" at {identity.path}" if identity.path else ""


def _launches(echo: Callable[[str], None], *, quiet: bool) -> BrowserIdentity | None:
    try:
        return asyncio.run(verify())
    except ImportError:
        echo("The Python package `playwright` is not installed: pip install playwright")
    except Unavailable as error:
        if not quiet:
            echo(told(error))
    return None


def _ways(release: dict[str, str], *, root: bool, sudo: bool) -> list[tuple[list[str], float]]:
    """Commands that may bring a browser, with their seconds; after each success a launch is tried."""
    download = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    ways = [(download, _DOWNLOAD_TIMEOUT_S)]
    if not (root or sudo):
        return ways
    prefix = [*([] if root else ["sudo", "-n"]), "env", "DEBIAN_FRONTEND=noninteractive"]
    if _family(release) == "debian":
        ways.append(([*prefix, "apt-get", "update"], _PACKAGE_TIMEOUT_S))
        package = ["apt-get", "install", "-y", "--no-install-recommends", "chromium-headless-shell"]
        ways.append(([*prefix, *package], _PACKAGE_TIMEOUT_S))
    elif _family(release) == "ubuntu":
        # Ubuntu has no Chromium but the snap; the download lacks only its shared libraries there.
        libraries = [sys.executable, "-m", "playwright", "install-deps", "chromium"]
        ways.append(([*prefix, *libraries], _PACKAGE_TIMEOUT_S))
    return ways


def _advice(release: dict[str, str]) -> str:
    match _family(release):
        case "debian":
            return "As root: apt-get update && apt-get install -y chromium-headless-shell"
        case "ubuntu":
            return "As root: playwright install --with-deps --only-shell chromium; or google-chrome-stable"
        case "fedora":
            return "As root: dnf install -y chromium-headless"
        case "alpine":
            return f"As root: apk add chromium; then {VARIABLE}=/usr/bin/chromium-browser"
        case "macos":
            return "brew install --cask chromium, or install Google Chrome"
        case _:
            return "Install a Chromium with this system's package manager."


def _family(release: dict[str, str]) -> str:
    if sys.platform == "darwin":
        return "macos"
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    known = {"ubuntu": "ubuntu", "debian": "debian", "fedora": "fedora", "rhel": "fedora", "alpine": "alpine"}
    return next((known[name] for name in names if name in known), "")


def _os_release() -> dict[str, str]:
    """os-release(5); empty where there is none."""
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def _sudo_without_password() -> bool:
    return shutil.which("sudo") is not None and _run(["sudo", "-n", "true"], 10.0) == ""


def _run(command: Sequence[str], timeout_s: float) -> str:
    """Run a command with all its children; empty on success, else what went wrong in one line."""
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
        )
    except OSError as error:
        return f"could not be started: {error.strerror}"
    with child:
        try:
            output, _ = child.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return f"stopped after {timeout_s:.0f} s"
    if child.returncode == 0:
        return ""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = next(
        (line for line in lines if "error" in line.lower() or "fail" in line.lower()),
        lines[-1] if lines else "no output",
    )
    return f"exit status {child.returncode}: {telling[:_REASON_CHARACTERS]}"
