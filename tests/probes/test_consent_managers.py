"""Consent managers that sites really use, from npm, served on loopback: with their defaults and with a violating configuration."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browsing import PARTNER, Probe, Server, serving
from consent_pages import HEAD, TEXT, Judged, judge

pytestmark = pytest.mark.slow

PACKAGES = {
    "vanilla-cookieconsent": "3.1.0",
    "klaro": "0.7.22",
    "cookieconsent": "3.1.1",
    "tarteaucitronjs": "1.34.0",
}
FOLDER = Path(tempfile.gettempdir()) / "gonogo-consent-managers"
TYPES = {".js": "text/javascript", ".css": "text/css"}


def fetch(name: str, version: str) -> Path:
    """A package's files, packed by npm and unpacked here, without running anything of it."""
    folder = FOLDER / f"{name}-{version}"
    if (folder / "package").is_dir():
        return folder / "package"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", f"{name}@{version}", "--pack-destination", str(folder), "--ignore-scripts", "--silent"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    if done.returncode:
        pytest.skip(f"npm could not fetch {name} {version}: {done.stderr.strip()[:200]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


@pytest.fixture(scope="module")
def packages() -> dict[str, Path]:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, and the consent managers come from it")
    return {name: fetch(name, version) for name, version in PACKAGES.items()}


def publish(server: Server, packages: dict[str, Path]) -> None:
    """Serve the scripts and styles of the packages."""
    for name, folder in packages.items():
        for file in folder.rglob("*"):
            if file.suffix in TYPES and file.stat().st_size < 2_000_000:
                path = f"/npm/{name}/{file.relative_to(folder).as_posix()}"
                server.page(path, file.read_bytes(), headers={"Content-Type": TYPES[file.suffix]})


@pytest.fixture(scope="module")
def server(packages: dict[str, Path]) -> Iterator[Server]:
    with serving(Server()) as one:
        one.page("/policy", "<title>Privacy policy</title><p>Privacy policy.")
        publish(one, packages)
        yield one


VANILLA = """<link rel="stylesheet" href="/npm/vanilla-cookieconsent/dist/cookieconsent.css">
<script src="/npm/vanilla-cookieconsent/dist/cookieconsent.umd.js"></script>
<button data-cc="show-preferencesModal">Cookie settings</button><script>
CookieConsent.run({
  onConsent: () => { if (CookieConsent.acceptedCategory('analytics')) hit(); },
  onChange: () => { if (!CookieConsent.acceptedCategory('analytics')) drop(); },
  categories: { necessary: { enabled: true, readOnly: true }, analytics: { enabled: %(ticked)s } },
  language: { default: 'en', translations: { en: {
    consentModal: { title: 'We use cookies', description: 'To measure our site. <a href="/policy">Privacy policy</a>',
      acceptAllBtn: 'Accept all', %(reject)s showPreferencesBtn: 'Manage preferences' },
    preferencesModal: { title: 'Cookie preferences', acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all', savePreferencesBtn: 'Save preferences',
      sections: [{ title: 'Necessary cookies', description: 'Needed.', linkedCategory: 'necessary' },
                 { title: 'Analytics cookies', description: 'Counting.', linkedCategory: 'analytics' }] } } } },
});</script>"""
KLARO = """<script>window.klaroConfig = { version: 1, cookieName: 'klaro', lang: 'en', privacyPolicy: '/policy', %(config)s
  translations: { zz: { privacyPolicyUrl: '/policy' }, en: { purposes: { analytics: 'Analytics' } } },
  services: [{ name: 'px', title: 'Pixel', purposes: ['analytics'], default: %(ticked)s, cookies: ['_px'], callback: (yes) => yes ? hit() : drop() }] };</script>
<script src="/npm/klaro/dist/klaro.js"></script><button onclick="klaro.show()">Cookie settings</button>"""
OSANO = """<link rel="stylesheet" href="/npm/cookieconsent/build/cookieconsent.min.css">
<script src="/npm/cookieconsent/build/cookieconsent.min.js"></script><script>
const told = function () { %(told)s };
cookieconsent.initialise({ type: '%(type)s', revokable: true, palette: { popup: { background: '#edeff5', text: '#333' }, button: { background: '#4b81e8', text: '#fff' } },
  content: { href: '/policy' }, onInitialise: told, onStatusChange: told, onRevokeChoice: told });</script>"""
TARTEAUCITRON = """<script src="/npm/tarteaucitronjs/tarteaucitron.js"></script><script>var tarteaucitronForceLanguage = 'en';
tarteaucitron.init({ privacyUrl: '/policy', bodyPosition: 'bottom', hashtag: '#tarteaucitron', cookieName: 'tarteaucitron', orientation: 'middle',
  showAlertSmall: false, cookieslist: false, showIcon: true, iconPosition: 'BottomRight', adblocker: false, DenyAllCta: %(deny)s, AcceptAllCta: true,
  highPrivacy: %(private)s, handleBrowserDNTRequest: false, removeCredit: true, moreInfoLink: true, useExternalCss: false, mandatory: true, mandatoryCta: true,
  googleConsentMode: false, bingConsentMode: false, pianoConsentMode: false });
tarteaucitron.services.px = { key: 'px', type: 'analytic', name: 'Pixel', needConsent: true, cookies: ['_px'], js: () => hit(), fallback: () => drop() };
(tarteaucitron.job = tarteaucitron.job || []).push('px');</script>"""


@dataclass(frozen=True)
class Case:
    page: str
    essential: tuple[str, ...]
    fails: frozenset[str]
    """Of the checks named here, exactly these fail; what the manager's own looks trip is listed in `may`."""
    may: frozenset[str] = frozenset()


def _ids(text: str) -> frozenset[str]:
    return frozenset(f"consent.{one}" for one in text.split())


LOOKS = _ids("banner.named layers.prominence layers.reject-easy")
EXPLAINED = {
    "consent.layers.reject-first": _ids("layers.reject-easy layers.prominence"),
    "consent.choice.reject-obeyed": _ids("withdrawal.effective choice.selection"),
    "consent.layers.preticked": _ids("choice.selection"),
}
"""One cause is one finding: what is unknown where there is this one. Anything else that is unknown is wrong."""


def explained(fails: frozenset[str]) -> frozenset[str]:
    return frozenset(one for cause in fails for one in EXPLAINED.get(cause, ()))


OBEDIENT = "cookieconsent_status"
CASES = {
    "vanilla": Case(VANILLA % {"ticked": "false", "reject": "acceptNecessaryBtn: 'Reject all',"}, ("cc_cookie",), _ids(""), LOOKS),
    "vanilla-violating": Case(VANILLA % {"ticked": "true", "reject": ""}, ("cc_cookie",), _ids("layers.reject-first layers.preticked"), LOOKS),
    "vanilla-early": Case(
        "<script>hit()</script>" + VANILLA % {"ticked": "false", "reject": "acceptNecessaryBtn: 'Reject all',"}, ("cc_cookie",),
        _ids("requests.before-choice storage.before-choice choice.reject-obeyed"), LOOKS,
    ),
    "klaro": Case(KLARO % {"config": "acceptAll: true,", "ticked": "false"}, ("klaro",), _ids("layers.policy banner.focus-returned"), LOOKS),
    "klaro-violating": Case(KLARO % {"config": "acceptAll: true, hideDeclineAll: true,", "ticked": "true"}, ("klaro",), _ids("layers.reject-first layers.preticked layers.policy banner.focus-returned"), LOOKS),
    "osano": Case(OSANO % {"type": "opt-in", "told": "this.hasConsented() ? hit() : drop();"}, (OBEDIENT,), _ids(""), LOOKS),
    "osano-violating": Case(
        OSANO % {"type": "opt-out", "told": "hit();"}, (OBEDIENT,),
        _ids("choice.reject-obeyed"), LOOKS | _ids("requests.before-choice storage.before-choice"),
    ),
    "tarteaucitron": Case(TARTEAUCITRON % {"deny": "true", "private": "true"}, ("tarteaucitron",), _ids("banner.focus-returned"), LOOKS),
    "tarteaucitron-violating": Case(
        TARTEAUCITRON % {"deny": "false", "private": "true"}, ("tarteaucitron",), _ids("layers.reject-first banner.focus-returned"), LOOKS
    ),
}  # fmt: skip


def judged_page(probe: Probe, server: Server, name: str, *, settle_s: float = 0.5) -> Judged:
    case = CASES[name]
    head = HEAD % {"lang": "en", "partner": f"{PARTNER}:{server.port}", "text": TEXT}
    # The page's own record of a choice is not used here: the manager keeps it.
    server.page(f"/{name}", head + case.page)
    return judge(probe, f"/{name}", essential_cookies=list(case.essential), settle_s=settle_s)


@pytest.mark.parametrize("name", CASES)
def test_managers_are_driven_and_judged_by_their_effects(probe: Probe, server: Server, name: str) -> None:
    judged = judged_page(probe, server, name)
    case = CASES[name]
    assert set(judged.unknown) <= explained(case.fails), judged.unknown
    told = f"{judged.failed} {judged.unknown} {[visit.problems for _, visit in judged.flow.visits]}"
    assert judged.flow.first.banner.visible, told
    assert [one.choice for one in judged.flow.reject.choices] == ["reject"], told
    assert not [one for _, visit in judged.flow.visits for one in visit.problems if one.startswith("consent")], told
    assert case.fails <= set(judged.failed) <= case.fails | case.may, told
    for label in ("chosen", "reloaded", "other page", "restarted"):
        for visit in (judged.flow.reject, judged.flow.accept):
            snapshot = visit.snapshot(label)
            assert snapshot is not None, told
            assert not snapshot.banner.visible, f"{label}: {told}"
