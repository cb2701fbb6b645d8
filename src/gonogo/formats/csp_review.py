"""What is weak or wrong in a page's content security policies: one function a rule.

Each takes every enforced policy (`enforced`: headers and meta elements) and judges their intersection: a weakness counts
only if it is live, that is, if nothing in its policy makes it void and no other policy blocks it. What cannot be meant
(syntax, duplicates) counts in any policy. No rule repeats another's finding; without any policy all but `mixed_content`
are silent, because the absence is one finding of its own.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gonogo.formats.csp import (
    DEPRECATED,
    DIRECTIVES,
    KEYWORDS,
    SOURCE_LISTS,
    Kind,
    Policy,
    Source,
    all_allow_inline,
    all_allow_url,
    allows_eval,
    allows_url,
    hashes,
    is_open,
    nonces,
    open_sources,
    parse,
    parse_meta,
    path_matches,
    sandboxed,
    source,
)
from gonogo.formats.html import Markup, host_of

SELF = "https://self.invalid/"
"""Stands for the page's own origin where only foreign sources are asked about."""

FOREIGN = "https://any-host.attacker.example/script.js"
"""Stands for a host that no policy names."""

MIN_NONCE_BYTES = 16
"""CSP3 §7.1: at least 128 bits."""

MAX_REMARKS = 20
"""Remarks of one rule that are reported; a page with more is told often enough."""

MAX_SOURCES = 200
"""Sources of one rule that are asked about, so that a hostile header costs no minutes."""

SHOWN = 120
"""Characters of a site's text that one remark shows."""

Policies = Sequence[Policy]


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding of a rule."""

    seen: str
    wanted: str
    message: str
    directive: str = ""
    """The directive as it stands, shortened; empty where one is missing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the intersection of all policies lets through."""

    policies: int
    any_script: bool
    inline_script: bool
    inline_handler: bool
    string_evaluation: bool
    inline_style: bool


def enforced(values: Iterable[str], markup: Markup | None = None) -> tuple[Policy, ...]:
    """Every policy that governs a page: of the header's values, and of the meta elements in its head."""
    from_header = parse(values)
    if markup is None:
        return from_header
    in_head = (one for one in markup.policies if one.in_head and not one.report_only)
    return from_header + tuple(
        policy for one in in_head if (policy := parse_meta(one.content, one.position)).directives or policy.dropped
    )


def verdict(policies: Policies) -> Verdict:
    """The strength of all policies together; without any, everything is let through."""
    return Verdict(
        len(policies),
        any_script=not _restricts(policies, "script-src-elem") or bool(_open(policies, "script-src-elem")),
        inline_script=all_allow_inline(policies, "script-src-elem"),
        inline_handler=all_allow_inline(policies, "script-src-attr"),
        string_evaluation=all(allows_eval(policy) for policy in policies),
        inline_style=all_allow_inline(policies, "style-src-elem"),
    )


# --- what cannot be meant ---


def syntax(policies: Policies) -> tuple[Remark, ...]:
    """Unknown directives, forgotten semicolons, keywords without quotes, sources that no browser understands."""
    return _first(remark for policy in policies for remark in _syntax(policy))


def _syntax(policy: Policy) -> Iterator[Remark]:
    for text in policy.unread:
        shown = _show(text)
        yield Remark(shown, "ASCII", f"{shown!a} holds a character outside ASCII, so browsers ignore it", shown)
    for name, words in policy.directives:
        text = _text(name, words)
        if name not in DIRECTIVES | DEPRECATED:
            yield Remark(_show(name), "a directive of CSP3", f"no browser knows the directive {_show(name)!a}", text)
        elif name in SOURCE_LISTS:
            yield from _source_syntax(name, words, text)


def _source_syntax(name: str, words: tuple[str, ...], text: str) -> Iterator[Remark]:
    for word in words:
        lowered, one, shown = word.lower(), source(word), _show(word)
        if _is_directive_name(word):
            yield Remark(shown, f"; before {shown}", f"{name} holds {shown} as a host: a semicolon is missing", text)
            return
        if lowered in KEYWORDS or lowered.startswith(("nonce-", "sha256-", "sha384-", "sha512-")):
            yield Remark(shown, f"'{shown}'", f"{name}: {shown} without single quotes is a host name", text)
        elif one.kind is Kind.INVALID and not _is_template(word):
            yield Remark(shown, "a source expression", f"{name}: {shown!a} is {one.why}", text)
        elif one.kind is Kind.HASH and not _has_digest_length(one.value):
            yield Remark(
                shown, "a whole digest", f"{name}: {shown} has not its algorithm's length, nothing meets it", text
            )


def _is_directive_name(word: str) -> bool:
    return "-" in word and word.lower() in DIRECTIVES | DEPRECATED


DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}


def _has_digest_length(value: str) -> bool:
    algorithm, _, digest = value.partition("-")
    return len(digest.rstrip("=")) * 3 // 4 == DIGEST_BYTES[algorithm]


def duplicate(policies: Policies) -> tuple[Remark, ...]:
    """A directive that stands twice in one policy: browsers obey the first only (CSP3 §2.2.1)."""
    return _first(
        Remark(
            _text(name, words),
            "one directive",
            f"{_show(name)} stands twice; browsers ignore the later one",
            _text(name, words),
        )
        for policy in policies
        for name, words in policy.repeated
    )


def none_mixed(policies: Policies) -> tuple[Remark, ...]:
    """`'none'` beside other sources is ignored (CSP3 §6.7.2.7)."""
    return _first(
        Remark(
            "'none' with other sources",
            "'none' alone",
            f"{name}: 'none' beside other sources is ignored",
            _text(name, words),
        )
        for policy in policies
        for name, words in policy.directives
        if name in SOURCE_LISTS
        and len({word.lower() for word in words}) > 1
        and "'none'" in {word.lower() for word in words}
        and not any(_is_directive_name(word) for word in words)
    )


def deprecated(policies: Policies) -> tuple[Remark, ...]:
    """Directives that current browsers ignore."""
    return _first(
        Remark(name, "absent", f"{name} is out of use; browsers ignore it", _text(name, words))
        for policy in policies
        for name, words in policy.directives
        if name in DEPRECATED
    )


# --- scripts ---

SCRIPT_KINDS = ("script-src-elem", "script-src-attr", "script-src")
"""What governs script elements, event handlers, and eval."""


def script_missing(policies: Policies) -> tuple[Remark, ...]:
    """Nothing governs scripts: neither script-src nor default-src in any policy."""
    free = [kind for kind in SCRIPT_KINDS if not _restricts(policies, kind)]
    if not policies or not free:
        return ()
    what = {"script-src-elem": "scripts", "script-src-attr": "event handlers", "script-src": "eval"}[free[0]]
    return (Remark("absent", "script-src or default-src", f"no script-src or default-src governs {what}"),)


def script_unsafe_inline(policies: Policies) -> tuple[Remark, ...]:
    """Inline scripts or event handlers run without nonce or hash."""
    return _inline(policies, ("script-src-elem", "script-src-attr"), "inline script", "a nonce or hashes")


def style_inline(policies: Policies) -> tuple[Remark, ...]:
    """Inline styles apply without nonce or hash; silent where the same directive lets inline scripts run."""
    told = {remark.directive for remark in script_unsafe_inline(policies)}
    found = _inline(policies, ("style-src-elem", "style-src-attr"), "inline style", "style sheets, a nonce or hashes")
    return tuple(remark for remark in found if remark.directive not in told)


def _inline(policies: Policies, kinds: Sequence[str], what: str, wanted: str) -> tuple[Remark, ...]:
    found: dict[str, Remark] = {}
    for kind in kinds:
        if _restricts(policies, kind) and all_allow_inline(policies, kind):
            name, text = _governing(policies, kind)
            found.setdefault(
                text,
                Remark("'unsafe-inline' in force", wanted, f"{name} lets any {what} through by 'unsafe-inline'", text),
            )
    return tuple(found.values())


def script_unsafe_eval(policies: Policies) -> tuple[Remark, ...]:
    """Strings are evaluated as script."""
    if not _restricts(policies, "script-src") or not all(allows_eval(policy) for policy in policies):
        return ()
    name, text = _governing(policies, "script-src")
    return (Remark("'unsafe-eval' in force", "absent", f"{name} lets strings be evaluated by 'unsafe-eval'", text),)


def unsafe_hashes(policies: Policies) -> tuple[Remark, ...]:
    """Hashes admit event handlers, which an injection can hang on any element."""
    governing = [policy for policy in policies if policy.effective("script-src-attr") is not None]
    if not governing or all_allow_inline(policies, "script-src-attr"):
        return ()
    if not all("unsafe-hashes" in policy.keywords("script-src-attr") for policy in governing):
        return ()
    name, text = _governing(policies, "script-src-attr")
    return (Remark("'unsafe-hashes' in force", "absent", f"{name} lets event handlers run by 'unsafe-hashes'", text),)


def script_wildcard(policies: Policies) -> tuple[Remark, ...]:
    """Scripts of any host, or written into the page as data: or blob:, are let through."""
    found = _open(policies, "script-src-elem")
    if not found:
        return ()
    name, text = _governing(policies, "script-src-elem")
    seen = _show(" ".join(dict.fromkeys(one.text for one in found)))
    return (
        Remark(
            seen,
            "named hosts, or a nonce with 'strict-dynamic'",
            f"{name} lets scripts of anybody through: {seen}",
            text,
        ),
    )


def strict_dynamic(policies: Policies) -> tuple[Remark, ...]:
    """`'strict-dynamic'` without a nonce or hash blocks every script."""
    remarks = []
    for policy in policies:
        sources = policy.sources("script-src-elem") or ()
        if "strict-dynamic" in policy.keywords("script-src-elem") and not any(
            one.kind in {Kind.NONCE, Kind.HASH} for one in sources
        ):
            name, text = _governing([policy], "script-src-elem")
            remarks.append(
                Remark(
                    "'strict-dynamic' alone",
                    "'strict-dynamic' with a nonce or hash",
                    f"{name}: 'strict-dynamic' without a nonce or hash blocks every script",
                    text,
                )
            )
    return tuple(remarks)


_ANGULAR = "it serves AngularJS, whose templates run script"
_ANYBODY = "anybody can publish there"
_CALLBACK = "it answers with a callback of the caller's choice (JSONP)"


@dataclass(frozen=True, slots=True)
class Bypass:
    """Where a host runs an attacker's script under its own name."""

    why: str
    paths: tuple[str, ...]
    """Addresses of such script; of one that ends with a slash, all that lies below it."""


def _published(*folders: str) -> Bypass:
    """Whoever publishes gets a folder of its own below these."""
    return Bypass(_ANYBODY, tuple(f"{folder}anybody/any.js" for folder in folders))


def _package_host(*folders: str) -> Bypass:
    """A mirror of npm and the like; a path to one package is not open, but to AngularJS it is."""
    angular = tuple(f"/npm/angular{end}" for end in ("/", "@1/"))
    return Bypass(_ANYBODY, (*_published(*folders).paths, *angular))


BYPASSES: dict[str, Bypass] = {
    "ajax.googleapis.com": Bypass(_ANGULAR, ("/ajax/libs/angularjs/",)),
    "ajax.aspnetcdn.com": Bypass(_ANGULAR, ("/ajax/angularjs/",)),
    "cdnjs.cloudflare.com": Bypass(_ANGULAR, ("/ajax/libs/angular.js/",)),
    "code.angularjs.org": Bypass(_ANGULAR, ("/",)),
    "www.gstatic.com": Bypass(_ANGULAR, ("/fsn/angular_js-bundle1.js",)),
    "yastatic.net": Bypass(_ANGULAR, ("/angularjs/",)),
    "cdn.jsdelivr.net": _package_host("/npm/", "/gh/", "/wp/plugins/"),
    "unpkg.com": _published("/"),
    "esm.sh": _published("/", "/gh/", "/jsr/"),
    "esm.run": _published("/"),
    "cdn.skypack.dev": _published("/", "/pin/"),
    "cdn.statically.io": _published("/gh/", "/gl/", "/bb/"),
    "cdn.rawgit.com": _published("/"),
    "rawcdn.githack.com": _published("/"),
    "raw.githack.com": _published("/"),
    "raw.githubusercontent.com": _published("/"),
    "gist.githubusercontent.com": _published("/"),
    "storage.googleapis.com": _published("/"),
    "s3.amazonaws.com": _published("/"),
    "cdn.bootcss.com": Bypass(_ANGULAR, ("/angular.js/",)),
    "cdn.bootcdn.net": Bypass(_ANGULAR, ("/ajax/libs/angular.js/",)),
    "gitcdn.xyz": _published("/repo/", "/cdn/"),
    "accounts.google.com": Bypass(_CALLBACK, ("/o/oauth2/revoke",)),
    "api.github.com": Bypass(_CALLBACK, ("/",)),
    "api.instagram.com": Bypass(_CALLBACK, ("/v1/", "/oembed")),
    "api.stackexchange.com": Bypass(_CALLBACK, ("/",)),
    "api.twitter.com": Bypass(_CALLBACK, ("/1/", "/1.1/")),
    "cdn.syndication.twimg.com": Bypass(_CALLBACK, ("/widgets/",)),
    "clients1.google.com": Bypass(_CALLBACK, ("/complete/search",)),
    "cse.google.com": Bypass(_CALLBACK, ("/api/",)),
    "en.wikipedia.org": Bypass(_CALLBACK, ("/w/api.php",)),
    "googleads.g.doubleclick.net": Bypass(_CALLBACK, ("/pagead/conversion/",)),
    "graph.facebook.com": Bypass(_CALLBACK, ("/",)),
    "itunes.apple.com": Bypass(_CALLBACK, ("/lookup", "/search")),
    "maps.googleapis.com": Bypass(_CALLBACK, ("/maps/vt", "/maps/api/js/GeocodeService.Search")),
    "query.yahooapis.com": Bypass(_CALLBACK, ("/v1/public/yql",)),
    "suggestqueries.google.com": Bypass(_CALLBACK, ("/complete/search",)),
    "translate.googleapis.com": Bypass(_CALLBACK, ("/translate_a/",)),
    "vimeo.com": Bypass(_CALLBACK, ("/api/",)),
    "www.google-analytics.com": Bypass(_CALLBACK, ("/gtm/js",)),
    "www.google.com": Bypass(_CALLBACK, ("/complete/search", "/tools/feedback/", "/uds/")),
    "www.googleapis.com": Bypass(_CALLBACK, ("/customsearch/", "/blogger/")),
    "www.linkedin.com": Bypass(_CALLBACK, ("/countserv/count/share",)),
    "www.youtube.com": Bypass(_CALLBACK, ("/oembed",)),
}
"""Hosts through which an injected script element gets round a list of hosts; a choice, not all."""


def allowlist_bypass(policies: Policies) -> tuple[Remark, ...]:
    """A host is trusted that serves script to anybody's order; `'self'` and the site's own hosts are none.

    A source with a path admits that path only. A redirect gets round paths, but takes an open one on a trusted host.
    """
    remarks = []
    for name, text, one in _live_sources(policies, ("script-src-elem",)):
        hosts = [host for host, bypass in BYPASSES.items() if _covers(one, host, bypass)]
        if not is_open(one) and hosts:
            shown, why = _show(one.text), BYPASSES[hosts[0]].why
            remarks.append(
                Remark(shown, "a nonce with 'strict-dynamic'", f"{name} trusts {shown} ({hosts[0]}): {why}", text)
            )
    return _first(remarks)


def _covers(one: Source, host: str, bypass: Bypass) -> bool:
    if host != one.host and not (one.host.startswith("*.") and host.endswith(one.host[1:])):
        return False
    return not one.path or any(
        path_matches(one.path, path) or (path.endswith("/") and path_matches(path, one.path)) for path in bypass.paths
    )


# --- other directives ---


def object_src(policies: Policies) -> tuple[Remark, ...]:
    """Plug-ins of anybody are let through."""
    if not policies or script_missing(policies):
        return ()
    if not _restricts(policies, "object-src"):
        return (Remark("absent", "object-src 'none'", "neither object-src nor default-src governs plug-ins"),)
    found = _open(policies, "object-src")
    name, text = _governing(policies, "object-src")
    if not found or (name == "default-src" and script_wildcard(policies)):
        return ()
    seen = _show(" ".join(dict.fromkeys(one.text for one in found)))
    return (Remark(seen, "object-src 'none'", f"{name} lets plug-ins of anybody through: {seen}", text),)


def base_uri(policies: Policies) -> tuple[Remark, ...]:
    """An injected base element sends relative scripts to another host, and the policy lets them come from there.

    That takes a nonce, or 'strict-dynamic' beside a hash: a list of hosts blocks the other host whatever the base is.
    Silent where any script runs anyway, which is another rule's finding, and where none does.
    """
    if not _foreign_script(policies) or script_missing(policies) or script_wildcard(policies):
        return ()
    return _restricted(policies, "base-uri", "base-uri 'none' or 'self'")


def _foreign_script(policies: Policies) -> bool:
    """Whether a script that the page itself asks for may come from any host, by its nonce or by 'strict-dynamic'."""
    if sandboxed(policies):
        return False
    known = sorted(nonces(policies))[:MAX_SOURCES] + [""] * bool(hashes(policies))
    return any(
        all(
            allows_url(one, "script-src-elem", FOREIGN, self_url=SELF, nonce=nonce, parser_inserted=False)
            for one in policies
        )
        for nonce in known
    )


def form_action(policies: Policies) -> tuple[Remark, ...]:
    """An injected form sends what a visitor types anywhere."""
    return _restricted(policies, "form-action", "form-action 'self' or named hosts")


def _restricted(policies: Policies, name: str, wanted: str) -> tuple[Remark, ...]:
    if not policies:
        return ()
    if not _restricts(policies, name):
        return (Remark("absent", wanted, f"{name} is absent, and default-src does not stand in for it"),)
    found = _open(policies, name)
    if not found:
        return ()
    seen = _show(" ".join(dict.fromkeys(one.text for one in found)))
    return (Remark(seen, wanted, f"{name} allows any host: {seen}", _governing(policies, name)[1]),)


def frame_ancestors(policies: Policies) -> tuple[Remark, ...]:
    """frame-ancestors is in no header policy; in a meta element it has no effect."""
    if not policies or _restricts(policies, "frame-ancestors"):
        return ()
    in_meta = any("frame-ancestors" in policy.dropped for policy in policies)
    seen = "only in a meta element" if in_meta else "absent"
    return (Remark(seen, "frame-ancestors in the header", f"frame-ancestors is {seen}, so anybody may frame the page"),)


_ANY_ANCESTOR = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:(?://)?)?(?:\*(?:\.[a-z]+)?)?(?::(?:\*|\d+))?/?|[a-z][a-z0-9+.-]*:", re.IGNORECASE
)
"""A source that anybody can meet: a scheme alone, any host, or any host of a top-level domain (CSP3 §2.3.1)."""


def framing(values: Iterable[str], options: Iterable[str]) -> Remark | None:
    """What lets any site frame a page, by the values of its Content-Security-Policy and X-Frame-Options headers.

    frame-ancestors decides where it is present (CSP3 §6.4.2.2); X-Frame-Options is read only where it is absent.
    """
    ancestors = [words for policy in parse(values) if (words := policy.directive("frame-ancestors")) is not None]
    if ancestors:
        if not all(any(_is_any_ancestor(word) for word in words) for words in ancestors):
            return None
        seen, wanted = " ".join(ancestors[0])[:100], "'none', 'self' or named sites"
        return Remark(seen, wanted, f"frame-ancestors is {seen}", "frame-ancestors")
    said = {word.strip().upper() for field in options for word in field.split(",") if word.strip()}
    if said and said <= {"DENY", "SAMEORIGIN"}:
        return None
    seen = ", ".join(sorted(said))[:100] or "absent, and so is frame-ancestors"
    return Remark(seen, "DENY or SAMEORIGIN", f"X-Frame-Options is {seen}", "X-Frame-Options")


def _is_any_ancestor(word: str) -> bool:
    return _ANY_ANCESTOR.fullmatch(word) is not None or is_open(source(word))


def default_src(policies: Policies) -> tuple[Remark, ...]:
    """No default for what is not named; silent where a missing script-src or object-src already says so."""
    if not policies or _restricts(policies, "default-src") or script_missing(policies) or object_src(policies):
        return ()
    return (Remark("absent", "default-src", "default-src is absent, so directives that are not named are open"),)


INSECURE = {"http": "https", "ftp": "https", "ws": "wss"}
"""Unencrypted schemes, and what to write in their stead."""


def insecure_scheme(policies: Policies) -> tuple[Remark, ...]:
    """A source allows an unencrypted scheme. Silent under upgrade-insecure-requests, and for local addresses."""
    if upgrades(policies):
        return ()
    remarks = []
    told = {one.text for one in _open(policies, "script-src-elem")}
    for name, text, one in _live_sources(policies, sorted(SOURCE_LISTS)):
        is_script = name in {"script-src", "script-src-elem"} or (
            name == "default-src" and _governing(policies, "script-src-elem")[0] == name
        )
        if one.scheme in INSECURE and not _is_local(one.host) and not (is_script and one.text in told):
            shown, secure = _show(one.text), INSECURE[one.scheme] + one.text[len(one.scheme) :]
            remarks.append(Remark(shown, _show(secure), f"{name} allows the unencrypted {shown}", text))
    return _first(remarks)


def local_source(policies: Policies) -> tuple[Remark, ...]:
    """A source names an IP address or this machine: a left-over of development."""
    return _first(
        Remark(_show(one.text), "a host name of the site", f"{name} names an address: {_show(one.text)}", text)
        for name, text, one in _live_sources(policies, sorted(SOURCE_LISTS))
        if _is_local(one.host) and one.scheme in WEB_SCHEMES
    )


WEB_SCHEMES = frozenset({"", "http", "https", "ws", "wss"})
"""`capacitor://localhost` and its like name the app that shows the page, not an address."""

_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|(?:.*\.)?localhost\.?")


_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}|(?:.*\.)?localhost\.?|\[::1\]")
"""Potentially trustworthy without encryption (Secure Contexts §3.1)."""


def _is_loopback(host: str) -> bool:
    return _LOOPBACK.fullmatch(host) is not None


def _is_local(host: str) -> bool:
    return _ADDRESS.fullmatch(host) is not None


def trusted_types(policies: Policies) -> tuple[Remark, ...]:
    """No policy demands Trusted Types for scripts."""
    if not policies:
        return ()
    said = [words for policy in policies if (words := policy.directive("require-trusted-types-for")) is not None]
    if any("'script'" in words for words in said):
        return ()
    if not said:
        return (Remark("absent", "require-trusted-types-for 'script'", "require-trusted-types-for is absent"),)
    text = _text("require-trusted-types-for", said[0])
    return (Remark(text, "require-trusted-types-for 'script'", f"{text} demands nothing: 'script' is missing", text),)


def trusted_types_names(policies: Policies) -> tuple[Remark, ...]:
    """trusted-types allows a policy of any name, or says 'allow-duplicates' where it means nothing."""
    remarks = []
    lists = [words for policy in policies if (words := policy.directive("trusted-types")) is not None]
    for words in lists:
        text, lowered = _text("trusted-types", words), [word.lower() for word in words]
        names = [word for word in lowered if not word.startswith("'") and word != "*"]
        if "*" in lowered and all("*" in other for other in lists):
            remarks.append(Remark("*", "names of policies", "trusted-types allows policies of any name", text))
        if "allow-duplicates" in lowered:
            remarks.append(
                Remark(
                    "allow-duplicates",
                    "'allow-duplicates'",
                    "trusted-types: allow-duplicates without quotes is a name",
                    text,
                )
            )
        elif "'allow-duplicates'" in lowered and not names and "*" not in lowered:
            remarks.append(
                Remark("'allow-duplicates' alone", "names", "trusted-types names no policy to duplicate", text)
            )
    return _first(remarks)


def reporting(policies: Policies, endpoints: Collection[str]) -> tuple[Remark, ...]:
    """report-to names an endpoint that Reporting-Endpoints (or Report-To) does not define."""
    return _first(
        Remark(
            _show(word),
            "a defined endpoint",
            f"report-to names {_show(word)!a}, which no header defines",
            _text("report-to", words),
        )
        for policy in policies
        if (words := policy.directive("report-to")) is not None
        for word in words or ("",)
        if word not in endpoints
    )


def upgrades(policies: Policies) -> bool:
    """Whether browsers turn every http request of the page into https (Upgrade Insecure Requests §3)."""
    return any(policy.directive("upgrade-insecure-requests") is not None for policy in policies)


# --- nonces ---


def nonce_entropy(policies: Policies) -> tuple[Remark, ...]:
    """A nonce that can be guessed: short, repetitive, a word, or a template that was not filled in."""
    remarks: dict[str, Remark] = {}
    for policy in policies:
        for name, words in policy.directives:
            for word in words if name in SOURCE_LISTS else ():
                if why := _weakness(word):
                    shown = _show(word)
                    text = _text(name, words)
                    remarks.setdefault(
                        word, Remark(shown, f"{MIN_NONCE_BYTES} random bytes", f"{name}: {shown} {why}", text)
                    )
    return _first(remarks.values())


def _weakness(word: str) -> str:
    if _is_template(word):
        return "is a template that was not filled in"
    one = source(word)
    if one.kind is not Kind.NONCE:
        return ""
    letters = one.value.rstrip("=")
    size = len(letters) * 3 // 4
    if size < MIN_NONCE_BYTES:
        return f"holds {size} bytes"
    return "is not random" if _is_made_up(letters) else ""


_TEMPLATE = re.compile(r"'nonce-[^']*(?:[{}<>%$#]|\bundefined\b|\bnull\b)[^']*'?", re.IGNORECASE)
_WORDS = re.compile(
    r"(?:test|nonce|random|example|placeholder|changeme|change|me|secret|dummy|static|your|here|value|csp|base64|string|"
    r"generated|replace|this|abc|xyz|[-_0-9])++",
    re.IGNORECASE,
)
_SEQUENCES = (
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "0123456789abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789012345678901234567890123456789",
    "12345678901234567890123456789012345678901234567890",
)
MIN_DISTINCT = 8
"""Different letters: a random nonce in base64 or hexadecimal has fewer less than once in a million."""


def _is_template(word: str) -> bool:
    return _TEMPLATE.fullmatch(word) is not None


def _is_made_up(letters: str) -> bool:
    lowered = letters.lower()
    return (
        len(set(letters)) < MIN_DISTINCT
        or letters in (letters + letters)[1:-1]
        or any(lowered in sequence for sequence in _SEQUENCES)
        or (_WORDS.fullmatch(letters) is not None and not letters.isdigit())
        or _is_number(letters)
        or _is_number(_decoded(letters))
    )


_NUMBER = re.compile(r"[0-9.,:TZ+_ -]{1,35}")
"""A clock or a counter. 36 random digits have 119 bits and are left alone; a number of 128 has no fewer as a rule."""


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _decoded(letters: str) -> str:
    """What base64 letters hold; empty for what is no base64."""
    try:
        held = base64.b64decode(
            letters + "=" * (-len(letters) % 4), altchars=b"-_" if set(letters) & {"-", "_"} else None
        )
    except ValueError:
        return ""
    return held.decode("latin-1")


def nonce_fresh(first: Policies, second: Policies) -> tuple[Remark, ...]:
    """A nonce that stands in two responses: whoever has seen one knows the next."""
    return _first(
        Remark("the same in two responses", "a new nonce in each", f"the nonce {_show(nonce)} came twice")
        for nonce in sorted(_all_nonces(first) & _all_nonces(second))
    )


def _all_nonces(policies: Policies) -> set[str]:
    return {
        one.value
        for policy in policies
        for name, words in policy.directives
        if name in SOURCE_LISTS
        for word in words
        if (one := source(word)).kind is Kind.NONCE
    }


def nonce_used(policies: Policies, markup: Markup) -> tuple[Remark, ...]:
    """Inline scripts that the policies block although they use nonces: the template forgot to write it."""
    remarks = []
    for script in markup.scripts:
        governing = [policy for policy in policies if policy.position < script.position]
        if script.external or not script.executes or not _all_nonces(governing):
            continue
        if not all_allow_inline(governing, "script-src-elem", nonce=script.nonce, digests=script.digests):
            seen = _show(script.nonce) or "absent"
            remarks.append(Remark(seen, "the nonce in the policy", f"the nonce of an inline script is {seen!a}"))
    return _first(remarks)


# --- the document ---


def meta(policies: Policies, markup: Markup) -> tuple[Remark, ...]:
    """Policies in meta elements that browsers ignore in whole or part (HTML §4.2.5.3)."""
    in_header = any(not policy.meta and policy.directive("frame-ancestors") is not None for policy in policies)
    return (
        _first(remark for one in markup.policies for remark in _meta(one.content, one.report_only, one.in_head))
        + _first(
            remark
            for one in markup.policies
            if one.in_head and not one.report_only
            for remark in _meta_order(one.position, markup)
        )
        + _first(
            Remark(f"{name} in a meta element", "the header", f"{name} has no effect in a meta element", name)
            for policy in policies
            for name in dict.fromkeys(policy.dropped)
            if name != "frame-ancestors" or in_header
        )
    )


def _meta(content: str, report_only: bool, in_head: bool) -> Iterator[Remark]:
    if report_only:
        yield Remark("report-only in a meta element", "the header", "a meta element cannot report only", _show(content))
    elif not in_head:
        yield Remark("a policy in the body", "a policy in the head", "a policy in the body is ignored", _show(content))


def _meta_order(position: int, markup: Markup) -> Iterator[Remark]:
    before = sum(1 for script in markup.scripts if script.position < position and script.executes)
    if before:
        yield Remark(
            f"{before} scripts before it", "the first element", "scripts before the meta policy are not governed"
        )


def mixed_content(policies: Policies, markup: Markup, page_url: str) -> tuple[Remark, ...]:
    """Unencrypted subresources and form targets of an https page, unless upgrade-insecure-requests turns them."""
    if not page_url.lower().startswith("https:") or upgrades(policies):
        return ()
    remarks: dict[str, Remark] = {}
    for reference in markup.references:
        url = markup.absolute(reference.url, page_url)
        if url[:5].lower() == "http:" and not _is_loopback(host_of(url)):
            shown, what = _show(url), f"{reference.element} {reference.attribute}"
            remarks.setdefault(url, Remark(shown, "https", f"{what} is the unencrypted {shown}"))
    return _first(remarks.values())


# --- shared ---


def _first(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    return tuple(islice(remarks, MAX_REMARKS))


def _show(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _text(name: str, words: Sequence[str]) -> str:
    return _show(" ".join((name, *words)))


def _restricts(policies: Policies, name: str) -> bool:
    return any(policy.governing(name) is not None for policy in policies)


def _governing(policies: Policies, name: str) -> tuple[str, str]:
    """Name and text of the first directive in force for another."""
    for policy in policies:
        if (found := policy.governing(name)) is not None:
            return found, _text(found, policy.directive(found) or ())
    return name, ""


def _open(policies: Policies, name: str) -> list[Source]:
    """Open sources of a directive that no policy blocks."""
    found = dict.fromkeys(one for policy in policies for one in open_sources(policy, name))
    return [one for one in islice(found, MAX_SOURCES) if _is_live(policies, name, one)]


def _is_live(policies: Policies, name: str, one: Source) -> bool:
    """Whether every policy lets through a URL that stands for a source."""
    return all_allow_url(policies, name, _example(one), self_url=SELF)


def _example(one: Source) -> str:
    """A URL that meets a source, on a host that no other source is likely to name."""
    if one.kind is Kind.SCHEME:
        if one.scheme in {"data", "javascript"}:
            return f"{one.scheme}:text/javascript,1"
        return f"{one.scheme}://any-host.attacker.example/"
    host = one.host.replace("*", "any-host.attacker.example" if one.host == "*" else "any-host", 1)
    port = "" if one.port in {"", "*"} else f":{one.port}"
    return f"{one.scheme or 'https'}://{host}{port}{one.path or '/'}"


def _live_sources(policies: Policies, names: Sequence[str]) -> Iterator[tuple[str, str, Source]]:
    """Directive, its text and each scheme or host source in it that is in force, once."""
    seen: set[tuple[str, str]] = set()
    for policy in policies:
        for wanted in names:
            name = policy.governing(wanted)
            if name is None or (wanted != name and len(names) > 1):
                continue
            text, is_strict = _text(name, policy.directive(name) or ()), "strict-dynamic" in policy.keywords(wanted)
            for one in policy.sources(wanted) or ():
                if one.kind not in {Kind.SCHEME, Kind.HOST} or (name, one.text) in seen or len(seen) >= MAX_SOURCES:
                    continue
                seen.add((name, one.text))
                if not (is_strict and wanted.startswith("script-src")) and _is_live(policies, wanted, one):
                    yield name, text, one
