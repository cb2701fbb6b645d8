"""Defects of headers, cookies, CORS, redirects and exposure; see defects.py."""

from __future__ import annotations

from gonogo.demo.defect import Defect, Reach


def _surface(id_: str, title: str, *trips: str) -> Defect:
    return Defect(id_, title, trips, Reach.SURFACE)


SECURITY_DEFECTS: tuple[Defect, ...] = (
    # headers
    _surface("hsts-missing", "HSTS is not sent", "security.hsts.present"),
    _surface("hsts-short", "HSTS lasts one minute", "security.hsts.max-age"),
    _surface("hsts-host-only", "HSTS leaves out subdomains", "security.hsts.subdomains"),
    _surface("hsts-misspelt", "HSTS misspells includeSubDomains", "security.hsts.subdomains"),
    _surface("hsts-malformed", "HSTS has a max-age in years", "security.hsts.valid"),
    _surface("hsts-twice", "HSTS is sent by application and proxy", "security.hsts.single"),
    _surface("hsts-on-http", "HSTS is sent over plain HTTP", "security.hsts.not-on-http"),
    _surface("frame-options-obsolete", "X-Frame-Options says ALLOW-FROM", "security.framing.header-valid"),
    _surface("referrer-policy-missing", "No referrer policy is sent", "security.referrer-policy.present"),
    _surface("referrer-leaked-by-page", "Pages tell other sites the full address", "security.referrer-policy.private"),
    _surface("permissions-malformed", "Permissions-Policy is in the old syntax", "security.permissions-policy.valid"),
    _surface("permissions-open", "Every frame may ask for the camera", "security.permissions-policy.restricted"),
    _surface("opener-policy-quoted", "The opener policy stands in quotes", "security.cross-origin.opener"),
    _surface("embedder-policy-misspelt", "The embedder policy is misspelt", "security.cross-origin.embedder"),
    _surface("resource-policy-misspelt", "The resource policy is misspelt", "security.cross-origin.resource"),
    _surface("isolation-lost", "Pages are not isolated any more", "security.cross-origin.isolated"),
    _surface("private-answer-cached", "Shared caches keep a user's answer", "security.caching.private-answers"),
    _surface("charset-missing", "Pages declare no encoding", "security.content-type.charset"),
    _surface("json-as-page", "An API error is served as a page", "security.content-type.json"),
    _surface("opener-policy-twice", "The opener policy is sent twice", "security.header-fields.single"),
    _surface("header-outdated", "The old XSS filter is switched on", "security.header-fields.current"),
    _surface("proxy-told", "A header names the address behind the proxy", "security.server.inside-hidden"),
    _surface("inside-told", "A header names the machine behind the proxy", "security.server.inside-hidden"),
    _surface("headers-huge", "Headers have nine kilobytes", "security.header-fields.size"),
    _surface("errors-bare", "Errors are sent without the headers", "security.coverage.errors"),
    _surface("redirect-bare", "The short name's redirect lacks nosniff", "security.coverage.redirects"),
    _surface("node-differs", "A second node sends no referrer policy", "security.coverage.repeats"),
    # content security policy
    _surface("csp-misspelt", "The CSP misspells object-src", "security.csp.syntax"),
    _surface("csp-directive-twice", "The CSP holds img-src twice", "security.csp.duplicate"),
    _surface("csp-script-missing", "The CSP does not govern scripts", "security.csp.script-missing"),
    _surface("csp-script-of-anybody", "The CSP trusts any script over https", "security.csp.script-wildcard"),
    _surface("csp-handler-hashes", "The CSP admits event handlers by hash", "security.csp.unsafe-hashes"),
    _surface("csp-strict-dynamic-alone", "The CSP lost its nonce", "security.csp.strict-dynamic"),
    _surface("csp-host-for-all", "The CSP trusts a host of anybody's files", "security.csp.allowlist-bypass"),
    _surface("csp-plugins-open", "The CSP lets any plug-in in", "security.csp.object-src"),
    _surface("csp-base-open", "The CSP does not fix the base address", "security.csp.base-uri"),
    _surface("csp-forms-open", "The CSP lets forms go anywhere", "security.csp.form-action"),
    _surface("csp-framing-missing", "Only the old header restricts framing", "security.csp.frame-ancestors"),
    _surface("csp-default-missing", "The CSP has no default", "security.csp.default-src"),
    _surface("csp-insecure-source", "The CSP trusts pictures over http", "security.csp.insecure-scheme"),
    _surface("csp-none-mixed", "The CSP puts 'self' beside 'none'", "security.csp.none-alone"),
    _surface("csp-developer-address", "The CSP names localhost", "security.csp.local-source"),
    _surface("csp-nonce-short", "Nonces have four bytes", "security.csp.nonce-entropy"),
    _surface("csp-nonce-static", "The nonce is always the same", "security.csp.nonce-fresh"),
    _surface("csp-meta-ignored", "A page's own policy has no effect", "security.csp.meta"),
    _surface("csp-trusted-types-missing", "Trusted Types are not demanded", "security.csp.trusted-types"),
    _surface("csp-trusted-types-any", "Trusted Types allow any policy", "security.csp.trusted-type-names"),
    _surface("csp-report-nowhere", "Violations are reported nowhere", "security.csp.reporting"),
    _surface("csp-reports-in-the-clear", "Violations are reported over http", "security.csp.reporting"),
    _surface("csp-outdated", "The CSP holds an outdated directive", "security.csp.deprecated"),
    _surface("csp-styles-inline", "The CSP lets inline styles in", "security.csp.style-inline"),
    _surface("mixed-content", "Pages load a picture over http", "security.csp.mixed-content"),
    _surface("integrity-missing", "A foreign script has no integrity", "security.integrity.external"),
    # ways to the site
    _surface("preload-short", "The domain's HSTS lasts five minutes", "security.preload.eligible"),
    _surface("preload-host-only", "The domain's HSTS leaves out subdomains", "security.preload.eligible"),
    _surface("preload-unsaid", "The domain's HSTS does not say preload", "security.preload.eligible"),
    _surface(
        "preload-bare", "The domain's redirect has no HSTS", "security.preload.eligible", "security.coverage.redirects"
    ),
    _surface("preload-other-host-first", "The domain redirects to www at once", "security.preload.eligible"),
    _surface("redirect-temporary", "The redirect to https is temporary", "security.https.permanent"),
    _surface("redirect-other-host-first", "The first redirect leaves its host", "security.https.same-host-first"),
    _surface(
        "redirect-downgrade",
        "The short name redirects to plain http",
        "security.https.no-downgrade",
        "security.preload.eligible",
    ),
    _surface("preload-twice", "The domain's HSTS is sent twice", "security.preload.eligible"),
    _surface(
        "redirect-chain", "Five redirects lead to the site", "security.https.bounded", "security.preload.eligible"
    ),
    _surface(
        "redirect-certificate",
        "A host on the way has an expired certificate",
        "security.https.certificates",
    ),
    _surface("redirect-open", "A double slash redirects anywhere", "security.open-redirects.own-hosts"),
    # cookies
    _surface("cookie-plain", "A cookie travels in the clear", "security.cookies.secure"),
    _surface("cookie-prefix-broken", "A __Host- cookie has a path", "security.cookies.prefix"),
    _surface("cookie-wide", "The session is shared with subdomains", "security.cookies.scope"),
    _surface("cookie-eternal", "The session lasts ten years", "security.cookies.lifetime"),
    _surface("cookie-lifetime-worded", "The session's lifetime is `1d`", "security.cookies.lifetime-valid"),
    _surface("cookie-on-http", "The redirect to https sets a cookie", "security.cookies.plain-http"),
    _surface("cookie-joined", "A proxy joined two cookies", "security.cookies.kept"),
    # CORS
    _surface(
        "cors-any-with-credentials", "Any origin reads private answers", "security.cors.reflected-with-credentials"
    ),
    _surface("cors-any", "Any origin is repeated back", "security.cors.reflected"),
    _surface("cors-null", "The origin null is trusted", "security.cors.null"),
    _surface("cors-by-ending", "Origins are compared by their ending", "security.cors.compared-whole"),
    _surface("cors-by-beginning", "Origins are compared by their beginning", "security.cors.compared-whole"),
    _surface("cors-plain-http", "The insecure origin is trusted", "security.cors.plain-http"),
    _surface("cors-wildcard-credentials", "`*` stands with credentials", "security.cors.wildcard-with-credentials"),
    _surface("cors-vary-missing", "Caches mix up answers to origins", "security.cors.vary"),
    _surface("cors-front-end-forgotten", "The front end is not allowed", "security.cors.declared"),
    _surface("cors-methods-many", "Preflights allow every method", "security.cors.methods"),
    # limits, disclosure
    _surface("rate-unlimited", "Searches are not limited", "security.rate-limit.limited"),
    _surface("rate-hint-missing", "Refusals do not say for how long", "security.rate-limit.retry-after"),
    _surface("rate-fields-malformed", "RateLimit is malformed", "security.rate-limit.fields"),
    _surface("security-txt-expired", "security.txt has expired", "security.security-txt.valid"),
    _surface("security-txt-missing", "There is no security.txt", "security.security-txt.valid"),
    _surface("security-txt-as-page", "security.txt is served as a page", "security.security-txt.canonical"),
    _surface("logout-unquoted", "Log-out clears nothing", "security.logout.clears-site-data"),
    # exposure
    _surface("git-published", "The repository is published", "exposure.files.absent"),
    _surface("environment-published", "The environment file is published", "exposure.files.absent"),
    _surface("source-map-published", "The source map is published", "exposure.source-maps.absent"),
    _surface("secret-published", "A script holds a payment key", "exposure.secrets.absent"),
    _surface("traceback-shown", "Error pages show a stack trace", "exposure.errors.quiet"),
    _surface("trace-answered", "TRACE is answered", "exposure.methods.trace"),
    _surface("methods-unusual", "OPTIONS offers methods of WebDAV", "exposure.methods.offered"),
)
