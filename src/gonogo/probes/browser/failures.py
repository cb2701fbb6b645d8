"""The browser's words for why a page was not reached, as one of our kinds."""

from __future__ import annotations

import re

from gonogo.errors import EvidenceMissing
from gonogo.evidence.records import FailureKind

_CODE = re.compile(r"net::ERR_([A-Z0-9_]+)")
_KINDS = (
    (re.compile(r"CERT_|SSL_|.*_SSL_|BAD_SSL|.*CERTIFICATE"), FailureKind.TLS),
    (re.compile(r"NAME_|DNS_|ICANN_"), FailureKind.DNS),
    (re.compile(r".*TIMED_OUT"), FailureKind.TIMEOUT),
    (re.compile(r"BLOCKED_BY_CLIENT"), FailureKind.GUARD),
    (
        re.compile(
            r"CONNECTION_REFUSED|CONNECTION_FAILED|ADDRESS_|INTERNET_DISCONNECTED|NETWORK_|SOCKET_NOT_|UNSAFE_PORT"
        ),
        FailureKind.CONNECT,
    ),
)


def kind_of(message: str) -> FailureKind:
    """The kind of a navigation failure; what is not known is the protocol's: reset, empty, endless."""
    code = _CODE.search(message)
    if code is None:
        return FailureKind.TIMEOUT if re.search(r"Timeout \d+ms exceeded", message) else FailureKind.PROTOCOL
    return next((kind for pattern, kind in _KINDS if pattern.match(code[1])), FailureKind.PROTOCOL)


def reason(message: str) -> str:
    """The first line of the driver's message, without the name of its method."""
    lines = message.strip().splitlines()
    if not lines:
        return ""
    return re.sub(r"^(Page|Frame|Locator|ElementHandle|BrowserContext|JSHandle)\.\w+: ", "", lines[0])


def unreached(what: str, message: str, *, outside: str, begun: bool) -> EvidenceMissing:
    """Why a page was not reached; `outside`: an undeclared host that it led to, `begun`: the visit had reached the target."""
    if outside:
        return EvidenceMissing(
            "guard", f"{what}: led to {outside}, which the environment does not declare; add it to `hosts`"
        )
    kind = kind_of(message)
    if begun and kind in {"dns", "connect"}:
        # These two are tried again, which is fair only while nothing has reached the target.
        kind = FailureKind.PROTOCOL
    return EvidenceMissing(kind, f"{what}: {reason(message)}")
