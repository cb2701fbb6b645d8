"""Another site that opens, frames or embeds a page shares a process with it, and can read what leaks between the two.

Fix: `Cross-Origin-Opener-Policy: same-origin`, `Cross-Origin-Resource-Policy: same-origin`; for isolation also `Cross-Origin-Embedder-Policy: require-corp`.
See: https://html.spec.whatwg.org/multipage/browsers.html#cross-origin-opener-policies
Family: Cross-origin isolation
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Document, security
from gonogo.formats import cross_origin
from gonogo.formats.cross_origin import Policy


def _misread(document: Document, name: str, read: Callable[[Sequence[str]], Policy | str]) -> list[Finding]:
    """A header that is there once and that browsers cannot read; sent twice it is another check's finding."""
    values = document.exchange.values(name)
    policy = read(values)
    if len(values) != 1 or not isinstance(policy, str):
        return []
    return [
        Finding.of(
            document.page.path, seen=policy, wanted="a value that browsers know, without quotes", what=name.title()
        )
    ]


@check(
    title="Cross-Origin-Opener-Policy is well formed",
    severity=Severity.MEDIUM,
    profiles={"smoke", "security", "nightly"},
)
def test_opener(document: Document) -> None:
    """A structured token: in quotes it is a string, and browsers take `unsafe-none`."""
    report(_misread(document, "cross-origin-opener-policy", cross_origin.opener_policy))


@check(
    title="Cross-Origin-Embedder-Policy is well formed",
    severity=Severity.LOW,
    profiles={"smoke", "security", "nightly"},
)
def test_embedder(document: Document) -> None:
    """`require-corp` or `credentialless`; any other word is taken for `unsafe-none`."""
    report(_misread(document, "cross-origin-embedder-policy", cross_origin.embedder_policy))


@check(
    title="Cross-Origin-Resource-Policy is well formed",
    severity=Severity.MEDIUM,
    profiles={"smoke", "security", "nightly"},
)
def test_resource(document: Document) -> None:
    """`same-origin`, `same-site` or `cross-origin`, exactly so; with any other word the header does nothing.

    See: https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header
    """
    report(_misread(document, "cross-origin-resource-policy", cross_origin.resource_policy))


@check(
    title="Pages are cross-origin isolated",
    severity=Severity.HIGH,
    profiles={"smoke", "security", "nightly"},
    where=lambda environment, _: security(environment).isolated,
    needs="[security] isolated",
)
def test_isolated(document: Document) -> None:
    """Judged where `security.isolated` asks for it: shared memory and precise clocks need both headers."""
    exchange = document.exchange
    names = ("cross-origin-opener-policy", "cross-origin-embedder-policy")
    opener = cross_origin.opener_policy(exchange.values(names[0]))
    embedder = cross_origin.embedder_policy(exchange.values(names[1]))
    if any(isinstance(one, str) and exchange.values(name) for one, name in zip((opener, embedder), names, strict=True)):
        return  # what cannot be read is told by the check of that header
    if not cross_origin.isolates(opener, embedder):
        seen = "; ".join(f"{name}: {', '.join(exchange.values(name)) or 'absent'}" for name in names)[:200]
        report([Finding.of(document.page.path, seen=seen, wanted="same-origin and require-corp or credentialless")])
