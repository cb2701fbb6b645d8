"""Pages that ask for consent, and a whole consent flow of one of them, judged by every check of consent."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from unittest import mock

import anyio
from browsing import PARTNER, SITE, Probe, Server

from gonogo.concerns.consent.fixtures import ConsentFlow, consent_visits
from gonogo.environment.models import Environment
from gonogo.environment.sections.consent import ConsentRegion
from gonogo.errors import EvidenceMissing, Shortfall
from gonogo.gathering.collector import BROWSERS
from gonogo.probes.browser import walk
from gonogo.probes.browser.facts import Visit
from gonogo.run.catalogue import catalogue

HEAD = """<!doctype html><html lang="%(lang)s"><head><meta charset="utf-8"><title>Shop</title><script>
  const read = (name) => (document.cookie.match(new RegExp('(?:^|; )' + name + '=([^;]*)')) ?? [])[1] ?? '';
  const hit = () => { document.cookie = '_px=1; max-age=9999999; path=/; SameSite=Lax'; fetch('http://%(partner)s/hit', {mode: 'no-cors'}); };
  const drop = () => { document.cookie = '_px=; max-age=0; path=/'; };
  const choose = (value) => {
    document.cookie = 'choice=' + value + '; max-age=15552000; path=/; SameSite=Lax';
    if (value === 'yes') hit(); else drop();
  };
  if (read('choice') === 'yes') hit();
</script></head><body><h1>Shop</h1><p>%(text)s</p>"""
TEXT = "We sell things that people like, and we tell what they are made of. " * 20


def page(server: Server, path: str, body: str, *, lang: str = "en") -> str:
    """Serve a page of the shop with this banner."""
    return server.page(path, HEAD % {"lang": lang, "partner": f"{PARTNER}:{server.port}", "text": TEXT} + body)


def plain(texts: tuple[str, str, str, str, str], *, wrap: str = "") -> str:
    """A banner in a dialogue: its text, accept, reject, its policy link, and what opens it again."""
    text, yes, no, policy, again = texts
    inner = f"""<p>{text} <a href="/policy">{policy}</a></p><button class="y">{yes}</button> <button class="n">{no}</button>"""
    return f"""<button id="again">{again}</button><script>
    const open_ = () => {{
      const box = document.createElement('div');
      box.setAttribute('role', 'dialog'); box.setAttribute('aria-label', 'Cookies');
      box.style.cssText = 'position:fixed;bottom:0;left:0;right:0;background:white;border:1px solid';
      const root = {wrap or "box"};
      root.innerHTML = `{inner}`;
      root.querySelector('.y').onclick = () => {{ box.remove(); choose('yes'); }};
      root.querySelector('.n').onclick = () => {{ box.remove(); choose('no'); }};
      document.body.append(box);
    }};
    document.querySelector('#again').onclick = open_;
    if (!read('choice')) open_();
    </script>"""


ENGLISH = ("We use cookies to measure our site.", "Accept all", "Reject all", "Privacy policy", "Cookie settings")
LANGUAGES = {
    "de": ("Wir verwenden Cookies für Statistik.", "Alle akzeptieren", "Alle ablehnen", "Datenschutzerklärung", "Cookie-Einstellungen"),
    "fr": ("Nous utilisons des cookies de mesure.", "Tout accepter", "Tout refuser", "Politique de confidentialité", "Gestion des cookies"),
    "es": ("Usamos cookies para medir.", "Aceptar todo", "Rechazar todo", "Política de privacidad", "Configuración de cookies"),
    "pl": ("Używamy plików cookie do statystyk.", "Zaakceptuj wszystkie", "Odrzuć wszystkie", "Polityka prywatności", "Ustawienia cookies"),
    "ja": ("当サイトではクッキーを使用します。", "すべて同意する", "すべて拒否する", "プライバシーポリシー", "クッキー設定"),
}  # fmt: skip
FRAME = """<body style="margin:0;background:white"><div role="dialog" aria-label="Cookies"><p>We and our partners use cookies. <a href="/policy" target="_top">Privacy policy</a></p>
<button onclick="parent.postMessage('yes','*')">Accept all</button> <button onclick="parent.postMessage('no','*')">Reject all</button></div>"""
FRAMED = """<button id="again">Cookie settings</button><script>
    const open_ = () => {
      const frame = document.createElement('iframe');
      frame.src = '/cmp-frame'; frame.style.cssText = 'position:fixed;bottom:0;left:0;width:100%;height:160px;border:0';
      document.body.append(frame);
      onmessage = (event) => { frame.remove(); choose(event.data); };
    };
    document.querySelector('#again').onclick = open_;
    if (!read('choice')) open_();
</script>"""
GATES = """<div role="dialog" aria-label="Age" style="position:fixed;top:0;right:0;width:300px;background:white">Are you over 18? Our shop sells wine and uses cookies.
<button onclick="document.cookie='age=yes';this.parentNode.remove()">Yes, I agree</button> <button onclick="location='/refused'">No</button></div>
<div role="dialog" aria-label="News" style="position:fixed;top:200px;right:0;width:300px;background:white">Subscribe to our newsletter! See our privacy policy.
<input type="email" aria-label="Address"><button onclick="document.cookie='news=yes'">OK, accept</button> <button onclick="this.parentNode.remove()">No thanks</button></div>"""

JUDGED = {"[consent] for eu or uk", "[[third_parties]] that need consent"}
"""What the checks need that judge a flow here."""


PATIENCE_S = 60
"""For one step, instead of what a run allows: pages are judged here, beside other tests, and not the machine."""


@dataclass(frozen=True)
class Judged:
    flow: ConsentFlow
    failed: dict[str, str]
    unknown: dict[str, str]
    seconds: float


def environment(probe: Probe, path: str, **consent: Any) -> Environment:
    declared = {"page": path, "settle_s": 0.3, "essential_cookies": ["choice", "age", "news"], **consent}
    return probe.environment(
        hosts=[PARTNER],
        resolve={SITE: "127.0.0.1", PARTNER: "127.0.0.1"},
        third_parties=[{"host": PARTNER, "purpose": "analytics", "intercept": False}],
        consent=declared,
    )


def judge(probe: Probe, path: str, **consent: Any) -> Judged:
    """The visits of a page, as many at a time as in a run, and what every check of consent says of them."""
    declared = environment(probe, path, **consent)
    region = ConsentRegion.model_construct(name="", locale="", timezone="", laws=("eu",))
    visits: dict[str, Visit] = {}

    async def all_() -> None:
        limiter = anyio.CapacityLimiter(BROWSERS)

        async def one(request: Any) -> None:
            async with limiter:
                visits[request.name] = await probe._gather(request, declared)

        async with anyio.create_task_group() as group:
            for request in consent_visits(declared, region):
                group.start_soon(one, request)

    began = time.monotonic()
    with mock.patch.object(walk, "STEP_S", PATIENCE_S):
        probe.portal.call(all_)
    seconds = time.monotonic() - began
    assert declared.consent is not None
    flow = ConsentFlow(declared.consent, declared.third_parties, lambda name: visits[f"consent {name}"], ("eu",))
    failed, unknown = {}, {}
    for name, entry in catalogue().items():
        if entry.needs in JUDGED:
            try:
                entry.function(flow)
            except Shortfall as shortfall:
                failed[name] = str(shortfall)
            except EvidenceMissing as missing:
                unknown[name] = str(missing)
    return Judged(flow, failed, unknown, seconds)
