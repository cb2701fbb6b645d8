"""A version number in a header tells an attacker which known holes to try first; the name of a machine inside, where.

Fix: nginx `server_tokens off;` · Apache `ServerTokens Prod` · remove `X-Powered-By` and the like at the proxy.
See: https://owasp.org/www-project-secure-headers/#prevent-information-disclosure-via-http-headers
Family: Headers as a whole
"""

from __future__ import annotations

import re

from gonogo import Finding, Severity, check
from gonogo.check import report
from gonogo.concerns.security.pages import Response

TELLING = frozenset(
    "liferay-portal oraclecommercecloud-version powered-by product server x-aspnet-version x-aspnetmvc-version x-cf-powered-by "
    "x-cms x-cocoon-version x-content-encoded-by x-drupal-version x-framework x-generated-by x-generator x-jitsi-release "
    "x-joomla-version x-mod-pagespeed x-owa-version x-page-speed x-php-version x-powered-by x-powered-by-plesk x-powered-cms "
    "x-runtime-version x-server x-server-powered-by x-jenkins x-hudson x-atmosphere-framework microsoftsharepointteamservices x-shopify-stage x-turbo-charged-by x-umbraco-version x-version via".split()
)
"""Headers that name a product; the name alone is no finding, digits of a version are."""
INSIDE = frozenset(
    "forwarded host-header k-proxy-request x-client-ip x-forwarded-for x-forwarded-host x-forwarded-server x-real-ip pega-host x-backend x-backend-server x-backside-transport x-beserver x-calculatedbetarget "
    "x-atmosphere-error x-chromelogger-data x-chromephp-data x-upstream x-debug-exception x-debug-exception-file x-debug-token x-debug-token-link x-diaginfo x-envoy-original-dst-host x-feserver "
    "x-servername x-sourcefiles x-upstream-addr x-varnish-backend x-varnish-server".split()
)
"""Headers whose whole purpose is to tell of the inside: machines, paths, debuggers."""
INSIDE_PREFIXES = ("x-kubernetes-pf-",)
"""What a Kubernetes API server says of its queues."""
VERSION = re.compile(r"\d+\.\d+|/v?\d+(?![\w])|^\d+$")
BARE_VERSION = re.compile(r"[A-Za-z][\w.+-]*\s+v?(?:[1-9]\d?|20\d\d)(?=\s*(?:[(,;]|$))")
"""`Drupal 10 (https://www.drupal.org)`: a name and a whole number."""
NUMBERED = frozenset({"via", "server", "x-server", "x-shopify-stage", "x-version"})
"""Headers in which a number alone may count machines or tell a date."""
PROTOCOL = re.compile(r"(?:HTTP/)?[123](?:\.[01])?\s+", re.IGNORECASE)
"""Via begins with the version of the protocol (RFC 9110 §7.6.3), which is no product's."""


@check(title="Headers do not give away versions", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_version_hidden(response: Response) -> None:
    """A product name alone is no finding; digits of a version are. Judged on errors and redirects too."""
    report(
        Finding.of(response.subject, seen=repr(value[:80]), wanted="no version", what=name.title())
        for name, value in response.exchange.headers
        if name.lower() in TELLING and _has_version(name.lower(), value)
    )


def _has_version(name: str, value: str) -> bool:
    if VERSION.search(PROTOCOL.sub("", value) if name == "via" else value):
        return True
    return name not in NUMBERED and BARE_VERSION.search(value) is not None


@check(title="Headers do not tell of the inside", severity=Severity.MEDIUM, profiles={"smoke", "security", "nightly"})
def test_inside_hidden(response: Response) -> None:
    """Names of machines behind the proxy, paths of source files, links to a debugger."""
    report(
        Finding.of(response.subject, seen=repr(value[:80]), wanted="absent", what=name.title())
        for name, value in response.exchange.headers
        if (name.lower() in INSIDE or name.lower().startswith(INSIDE_PREFIXES)) and value.strip()
    )
