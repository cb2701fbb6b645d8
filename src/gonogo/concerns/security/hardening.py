"""From what a host sent and which rules failed to what it should send: values, not configuration.

Everything that goes into a `Changes` is either ours or has been rebuilt from parsed parts and matched against
`_PLAIN`, because it is pasted into files in which `$`, braces, quotes and backslashes mean something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gonogo.concerns.security.family import Family
from gonogo.concerns.security.fixes import NONCE, Changes, CookieFlags
from gonogo.environment.models import Environment
from gonogo.environment.sections.security import Security
from gonogo.environment.sections.tls import POST_QUANTUM
from gonogo.formats import cross_origin, csp, csp_review, hsts, permissions_policy, referrer_policy
from gonogo.formats.csp import Kind
from gonogo.formats.permissions_policy import PermissionsPolicy, Reach
from gonogo.formats.set_cookie import Cookie, is_session
from gonogo.probes.http.facts import Exchange

PRELOAD_MAX_AGE_S = 31_536_000
"""Least max-age that the preload list takes: https://hstspreload.org/#submission-requirements."""
MAX_POLICY = 3_000
"""Characters of a mended policy; a longer one is not offered for pasting."""
MAX_SOURCES = 60
MAX_COOKIES = 20

_PLAIN = re.compile(r"[A-Za-z0-9'*:/._~!&()+=@%?-]{1,300}")
"""A word of a policy that is the same text in every configuration language."""
_FEATURE = re.compile(r"[a-z][a-z0-9-]{0,60}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.*-]{1,200}(?::[0-9]{1,5})?")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,80}")
_HTTP_VALUE = re.compile(r"[A-Za-z0-9 ,;=()'*:/._~!&+@%?-]{1,1000}")
_STRICT = (f"'nonce-{NONCE}'", "'strict-dynamic'")
_OPENSSL_GROUPS = {"x25519": "X25519", "x448": "X448", "secp256r1": "prime256v1"}

STARTER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("default-src", ("'self'",)),
    ("script-src", _STRICT),
    ("style-src", ("'self'",)),
    ("img-src", ("'self'", "data:")),
    ("object-src", ("'none'",)),
    ("base-uri", ("'none'",)),
    ("form-action", ("'self'",)),
    ("frame-ancestors", ("'none'",)),
)
"""Where no policy was sent: a strict one (CSP3 §8.2) that a site begins with."""

_OF_SCRIPTS = frozenset(
    f"security.csp.{one}"
    for one in (
        "script-inline",
        "script-wildcard",
        "script-missing",
        "strict-dynamic",
        "allowlist-bypass",
    )
)
_OF_POLICY = _OF_SCRIPTS | {
    f"security.csp.{one}"
    for one in (
        "present",
        "syntax",
        "duplicate",
        "script-eval",
        "unsafe-hashes",
        "object-src",
        "base-uri",
        "form-action",
        "frame-ancestors",
        "default-src",
        "insecure-scheme",
        "local-source",
        "none-alone",
        "nonce-entropy",
        "nonce-fresh",
        "deprecated",
        "trusted-types",
        "trusted-type-names",
        "style-inline",
        "mixed-content",
        "reporting",
    )
}
"""Rules that a better header mends; the others (`meta`, `nonce-used`) are the page's."""
_REVIEW: dict[str, Callable[[Sequence[csp.Policy]], tuple[csp_review.Remark, ...]]] = {
    "script-missing": csp_review.script_missing,
    "object-src": csp_review.object_src,
    "base-uri": csp_review.base_uri,
    "form-action": csp_review.form_action,
    "default-src": csp_review.default_src,
}
"""Rules that are silent beside a worse fault, and speak when it has gone."""
MAX_ROUNDS = 4
_SAMPLE_NONCE = "Py0o592x6lO3IiacLENbhA"
_COVERAGE = ("security.coverage.errors", "security.coverage.repeats")
_OF_REDIRECTS = (
    *(f"security.https.{one}" for one in ("redirect", "permanent", "same-host-first", "no-downgrade")),
    "security.hsts.not-on-http",
    "security.preload.",
)
EVERYWHERE = ("Strict-Transport-Security", "X-Content-Type-Options")
"""What a redirect must carry too."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a host showed, as far as a fix must know it."""

    host: str
    page: Exchange | None
    """Its start page, or whatever answer stands for it."""
    failed: Mapping[str, str]
    """Ids of the checks that failed on it, each with the family that its card names."""
    cookies: tuple[Cookie, ...] = ()
    unwanted: frozenset[str] = frozenset()
    """Names of headers that are to go."""

    def values(self, name: str) -> tuple[str, ...]:
        return self.page.values(name) if self.page else ()

    def broke(self, *prefixes: str) -> bool:
        return any(check.startswith(prefixes) for check in self.failed)

    def broke_one_of(self, family: Family, *, but: tuple[str, ...] = ()) -> bool:
        """Whether a rule of a family failed, whatever its name; `but` are those that are mended elsewhere."""
        return any(of == family and not check.startswith(but) for check, of in self.failed.items())


def changes(seen: Seen, environment: Environment, *, url: str, plain: str) -> Changes:
    """What to change on a host; `url` and `plain` are its https and http origins."""
    settings = environment.security or Security()
    headers = _headers(seen, settings)
    policy = _policy(seen)
    minimum = environment.tls.min_version if environment.tls else "1.2"
    groups = environment.tls.groups if environment.tls else ()
    return Changes(
        host=seen.host,
        origin=url,
        plain=plain if seen.broke(*_OF_REDIRECTS) else "",
        headers=headers,
        policy=policy,
        static_policy=_static(policy, seen),
        removed=_removed(seen),
        server_hidden="Server" in seen.unwanted,
        cookies=_cookie_flags(seen, settings),
        tls_minimum=minimum if seen.broke("tls.protocol.minimum-version", "tls.protocol.version-13") else "",
        ciphers=seen.broke("tls.ciphers.", "tls.key-exchange.dh"),
        groups=_groups(groups) if seen.broke("tls.key-exchange.groups") else (),
        remarks=_remarks(dict(headers), policy, seen),
    )


def _groups(declared: Iterable[str]) -> tuple[str, ...]:
    """By OpenSSL's names, what a quantum computer does not break first, and two that everybody knows."""
    wanted = sorted(declared, key=lambda one: one != POST_QUANTUM)
    return tuple(dict.fromkeys([*(_OPENSSL_GROUPS.get(one, one) for one in wanted), "X25519", "prime256v1"]))


def _remarks(headers: dict[str, str], policy: str, seen: Seen) -> tuple[str, ...]:
    """What whoever pastes must know of what was not sent before."""
    said = []
    transport, before = (
        headers.get("Strict-Transport-Security", ""),
        hsts.parse(seen.values("strict-transport-security")),
    )
    known = before if isinstance(before, hsts.Hsts) else hsts.Hsts(0, include_subdomains=False, preload=False)
    if "includeSubDomains" in transport and not known.include_subdomains:
        said.append("includeSubDomains: every subdomain must answer on https before this is sent.")
    if "preload" in transport and not known.preload:
        said.append("preload: browsers will ship it; leaving the list takes months.")
    if policy:
        said.append("Send the policy as Content-Security-Policy-Report-Only first and read the reports.")
    if "Cross-Origin-Embedder-Policy" in headers and not seen.values("cross-origin-embedder-policy"):
        said.append("Cross-Origin-Embedder-Policy: what pages embed from elsewhere must allow it (CORP or CORS).")
    if seen.broke("security.cors.", "security.caching."):
        said.append("CORS and caching belong to the application: see the findings.")
    return tuple(said)


# --- headers ---


def _headers(seen: Seen, settings: Security) -> tuple[tuple[str, str], ...]:
    """Name and value of each header whose rules failed, and of all that some answers lack."""
    bare = EVERYWHERE if seen.broke("security.coverage.redirects") else ()
    uncovered, doubled = seen.broke(*_COVERAGE), seen.broke("security.header-fields.single")
    found = []
    for name, broken, wanted in _RULES:
        sent = seen.values(name)
        if broken(seen, settings) or (doubled and len(sent) > 1) or (uncovered and sent) or name in bare:
            value = wanted(seen, settings)
            if value and _HTTP_VALUE.fullmatch(value.replace('"', "'")):
                found.append((name, value))
    return tuple(found)


def _transport(seen: Seen, settings: Security) -> str:
    """What was sent where it is stronger than what the environment demands."""
    sent = hsts.parse(seen.values("strict-transport-security"))
    known = sent if isinstance(sent, hsts.Hsts) else hsts.Hsts(0, include_subdomains=False, preload=False)
    preload = known.preload or seen.broke("security.preload.")
    age = max(min(known.max_age, 10**9), settings.hsts_max_age_s, PRELOAD_MAX_AGE_S if preload else 0)
    subdomains = settings.hsts_include_subdomains or known.include_subdomains or preload
    return f"max-age={age}{'; includeSubDomains' if subdomains else ''}{'; preload' if preload else ''}"


def _frame_options(seen: Seen, _: Security) -> str:
    return {"'none'": "DENY", "'self'": "SAMEORIGIN"}.get(_ancestors(seen), "")


def _ancestors(seen: Seen) -> str:
    """Who may frame the pages: `'none'`, `'self'`, or named sites, which X-Frame-Options cannot say."""
    lists = [
        sources
        for policy in csp.parse(seen.values("content-security-policy"))
        if (sources := policy.directive("frame-ancestors")) is not None
    ]
    open_to_all = seen.broke("security.framing.restricted")
    if lists and not open_to_all:
        if any(not sources or sources == ("'none'",) for sources in lists):
            return "'none'"
        return "'self'" if lists[0] == ("'self'",) else " ".join(_plain(lists[0])) or "'none'"
    said = {part.strip().upper() for value in seen.values("x-frame-options") for part in value.split(",")}
    return "'self'" if said == {"SAMEORIGIN"} else "'none'"


def _referrer(seen: Seen, _: Security) -> str:
    sent = referrer_policy.parse(seen.values("referrer-policy"))
    kept = isinstance(sent, referrer_policy.ReferrerPolicy) and not seen.broke("security.referrer-policy.private")
    return sent.policy if kept and not isinstance(sent, str) else "strict-origin-when-cross-origin"


def _permissions(seen: Seen, settings: Security) -> str:
    """What was sent, with what the environment wants restricted closed."""
    sent = permissions_policy.parse(seen.values("permissions-policy"))
    said = dict.fromkeys(settings.permissions or ("camera", "geolocation", "microphone"), "()")
    if isinstance(sent, PermissionsPolicy):
        for name, one in list(sent.features.items())[:MAX_SOURCES]:
            is_open = one.reach in {Reach.EVERYONE, Reach.DEFAULT}
            if _FEATURE.fullmatch(name) and not (is_open and name in settings.permissions):
                said[name] = _allowlist(one)
    return ", ".join(f"{name}={said[name]}" for name in sorted(said) if _FEATURE.fullmatch(name))


def _allowlist(one: permissions_policy.Allowlist) -> str:
    if one.reach is Reach.EVERYONE:
        return "*"
    origins = [f'"{origin}"' for origin in one.origins if _ORIGIN.fullmatch(origin)]
    return f"({' '.join([*(['self'] if one.includes_self else []), *origins])})"


def _cross_origin(name: str, known: Sequence[str], default: str) -> Callable[[Seen, Security], str]:
    def wanted(seen: Seen, settings: Security) -> str:
        """The word that was meant, where it can be seen, else the strict one."""
        if (
            settings.isolated
            and name != "Cross-Origin-Resource-Policy"
            and seen.broke("security.cross-origin.isolated")
        ):
            return default
        words = [value.strip(" \t\"'").lower() for value in seen.values(name)]
        meant = next((word for word in words if word in known and word != "unsafe-none"), "")
        return meant or default

    return wanted


def _failed(*prefixes: str) -> Callable[[Seen, Security], bool]:
    return lambda seen, _: seen.broke(*prefixes)


def _family_failed(family: Family, *, but: tuple[str, ...] = ()) -> Callable[[Seen, Security], bool]:
    return lambda seen, _: seen.broke_one_of(family, but=but)


def _isolation(prefix: str) -> Callable[[Seen, Security], bool]:
    return lambda seen, settings: (
        seen.broke(prefix) or (settings.isolated and seen.broke("security.cross-origin.isolated"))
    )


def _framing_failed(seen: Seen, _: Security) -> bool:
    return seen.broke_one_of(Family.FRAMING, but=("security.csp.",))


_RULES: tuple[tuple[str, Callable[[Seen, Security], bool], Callable[[Seen, Security], str]], ...] = (
    (
        "Strict-Transport-Security",
        _family_failed(Family.HSTS, but=("security.hsts.not-on-http",)),
        _transport,
    ),
    (
        "X-Content-Type-Options",
        _family_failed(Family.CONTENT_TYPE, but=("security.content-type.",)),
        lambda *_: "nosniff",
    ),
    ("X-Frame-Options", _framing_failed, _frame_options),
    ("Referrer-Policy", _family_failed(Family.REFERRER), _referrer),
    ("Permissions-Policy", _family_failed(Family.PERMISSIONS), _permissions),
    (
        "Cross-Origin-Opener-Policy",
        _isolation("security.cross-origin.opener"),
        _cross_origin("Cross-Origin-Opener-Policy", cross_origin.OPENER, "same-origin"),
    ),
    (
        "Cross-Origin-Embedder-Policy",
        _isolation("security.cross-origin.embedder"),
        _cross_origin("Cross-Origin-Embedder-Policy", cross_origin.EMBEDDER, "require-corp"),
    ),
    (
        "Cross-Origin-Resource-Policy",
        _failed("security.cross-origin.resource"),
        _cross_origin("Cross-Origin-Resource-Policy", cross_origin.RESOURCE, "same-origin"),
    ),
)


def _removed(seen: Seen) -> tuple[str, ...]:
    is_wrong = seen.broke("security.framing.header-valid") and not _frame_options(seen, Security())
    return (*sorted(seen.unwanted - {"Server"}), *(("X-Frame-Options",) if is_wrong else ()))


# --- cookies ---


def _cookie_flags(seen: Seen, settings: Security) -> tuple[CookieFlags, ...]:
    """Cookies that lack an attribute, and whose name a configuration can hold."""
    if not seen.broke_one_of(Family.COOKIES):
        return ()
    found: dict[str, CookieFlags] = {}
    for cookie in seen.cookies:
        is_session = _is_session(cookie, settings)
        flags = CookieFlags(
            cookie.name,
            secure=not cookie.secure,
            http_only=is_session and not cookie.http_only,
            same_site="" if cookie.same_site else "Lax",
        )
        if flags.attributes and _COOKIE_NAME.fullmatch(cookie.name):
            found.setdefault(cookie.name, flags)
    return tuple(found[name] for name in sorted(found))[:MAX_COOKIES]


def _is_session(cookie: Cookie, settings: Security) -> bool:
    return is_session(cookie, settings.session_cookies)


# --- the content security policy ---


@dataclass(slots=True)
class _Draft:
    """A policy while it is mended: each directive once, in order."""

    directives: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self) -> str:
        return "; ".join(" ".join((name, *sources)) for name, sources in self.directives.items())

    def scripts(self) -> list[str]:
        return [name for name in self.directives if name.startswith("script-src")]


def _policy(seen: Seen) -> str:
    """The whole policy to send, or an empty text where the one that was sent stays."""
    sent = csp.parse(seen.values("content-security-policy"))
    is_broken = seen.broke("security.framing.restricted") or seen.failed.keys() & _OF_POLICY
    if not is_broken and not (sent and seen.broke(*_COVERAGE)):
        return ""
    sent = sent or csp.parse(seen.values("content-security-policy-report-only"))
    draft = _draft(sent) if sent else _Draft(dict(STARTER))
    failed = frozenset(seen.failed)
    for _ in range(MAX_ROUNDS):
        _mend(draft, failed, ancestors=_ancestors(seen))
        if not (failed := _revealed(draft, sent)):
            break
    text = draft.text()
    return text if len(text) <= MAX_POLICY else ""


def _revealed(draft: _Draft, sent: Sequence[csp.Policy]) -> frozenset[str]:
    """Rules that the draft breaks and that what was sent kept, or hid behind a worse fault."""
    mended = csp.parse([draft.text().replace(NONCE, _SAMPLE_NONCE)])
    return frozenset(
        f"security.csp.{rule}" for rule, judge in _REVIEW.items() if judge(mended) and not (sent and judge(sent))
    )


def _draft(policies: Sequence[csp.Policy]) -> _Draft:
    """The first policy, and what only a later one restricts."""
    directives: dict[str, tuple[str, ...]] = {}
    for policy in policies:
        for name, sources in policy.directives:
            if name in csp.DIRECTIVES and name not in csp.DEPRECATED:
                directives.setdefault(name, _sources(name, sources))
    return _Draft(directives)


def _sources(name: str, words: Sequence[str]) -> tuple[str, ...]:
    """What browsers understand of a list, with a placeholder for a nonce, quotes around keywords."""
    if name not in csp.SOURCE_LISTS:
        return _plain(words)
    kept: list[str] = []
    for word in words[:MAX_SOURCES]:
        lowered = word.lower()
        if lowered.strip("'").startswith("nonce-"):
            kept.append(_STRICT[0])
        elif lowered.strip("'") in csp.KEYWORDS:
            kept.append(f"'{lowered.strip(chr(39))}'")
        elif csp.source(word).kind is not Kind.INVALID:
            kept += _plain((word,))
    if "'none'" in kept and len(kept) > 1:
        kept = [word for word in kept if word != "'none'"]
    return tuple(dict.fromkeys(kept)) or ("'none'",)


def _plain(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in words if _PLAIN.fullmatch(word))[:MAX_SOURCES]


def _mend(draft: _Draft, failed: frozenset[str], *, ancestors: str) -> None:
    """Change a policy where a rule failed, and nowhere else."""
    said = draft.directives
    broke = {check.removeprefix("security.csp.") for check in failed if check.startswith("security.csp.")}
    if "default-src" in broke and "default-src" not in said:
        draft.directives = said = {"default-src": ("'self'",), **said}
    if failed & _OF_SCRIPTS:
        _strict_scripts(draft)
    for name, value in (("object-src", "'none'"), ("base-uri", "'none'"), ("form-action", "'self'")):
        if name in broke:
            said[name] = (value,)
    if "frame-ancestors" in broke or "security.framing.restricted" in failed:
        said["frame-ancestors"] = tuple(ancestors.split(" "))
    if "trusted-types" in broke:
        said["require-trusted-types-for"] = ("'script'",)
    if "trusted-type-names" in broke:
        said["trusted-types"] = ("default",)
    if "mixed-content" in broke:
        said["upgrade-insecure-requests"] = ()
    if "reporting" in broke:
        said.pop("report-to", None)
    _without_words(draft, broke)


def _strict_scripts(draft: _Draft) -> None:
    """Scripts by nonce, in the place where they stood."""
    for name in draft.scripts():
        if name != "script-src":
            del draft.directives[name]
    draft.directives["script-src"] = _STRICT


def _without_words(draft: _Draft, broke: Collection[str]) -> None:
    """Take single sources out; a list that loses all of them allows the site itself."""
    unwanted = {
        word for rule, word in (("script-eval", "'unsafe-eval'"), ("unsafe-hashes", "'unsafe-hashes'")) if rule in broke
    }
    for name, sources in draft.directives.items():
        if name not in csp.SOURCE_LISTS:
            continue
        gone = set(unwanted)
        if "style-inline" in broke and name in {"style-src", "style-src-elem", "style-src-attr", "default-src"}:
            gone.add("'unsafe-inline'")
        kept = [source for source in sources if source not in gone]
        if "local-source" in broke:
            kept = [source for source in kept if not _is_local(source)]
        if "insecure-scheme" in broke:
            kept = [_secured(source) for source in kept]
        draft.directives[name] = tuple(dict.fromkeys(kept)) or ("'self'",)


def _is_local(source: str) -> bool:
    return bool(csp_review.local_source(csp.parse([f"img-src {source}"])))


def _secured(source: str) -> str:
    lowered = source.lower()
    for scheme, better in (("http:", "https:"), ("ws:", "wss:"), ("ftp:", "https:")):
        if lowered.startswith(scheme):
            return better + source[len(scheme) :]
    return source


def _static(policy: str, seen: Seen) -> str:
    """What of a policy with a nonce can stand in a second one: nothing that governs scripts, so no default-src.

    What the first one says already is left out, unless some answers come without it.
    """
    if NONCE not in policy:
        return ""
    sent = csp.parse(seen.values("content-security-policy"))
    said = (
        set()
        if seen.broke(*_COVERAGE)
        else {" ".join((name, *words)) for one in sent for name, words in one.directives}
    )
    parts = (part.strip() for part in policy.split(";"))
    kept = [
        part
        for part in parts
        if part not in said
        and NONCE not in part
        and not part.startswith(("script-src", "default-src", "report-", "trusted-types"))
    ]
    return "; ".join(kept)


# --- addresses ---


def authority(url: str) -> str:
    """`https://www.example.org:8443` of any URL of that origin, without the scheme's own port."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, usual} else "")
