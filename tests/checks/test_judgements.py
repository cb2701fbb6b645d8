"""Judgements on answers that once fooled them: false passes and false alarms, each with the answer that showed it."""

from __future__ import annotations

from typing import Any

import pytest

from checks.api.test_contract import test_schema as schema
from checks.availability.test_health import test_deep as deep
from checks.availability.test_health import test_shallow as shallow
from checks.delivery.test_html import test_revalidated as revalidated
from checks.security.test_csp import test_nonce_used as nonce_used
from checks.security.test_csp import test_present as csp_present
from checks.security.test_csp import test_script_missing as script_missing
from checks.security.test_csp import test_script_wildcard as script_wildcard
from checks.security.test_framing import test_restricted as framing
from checks.security.test_https import test_no_downgrade as no_downgrade
from checks.security.test_https import test_permanent as permanent
from checks.security.test_https import test_redirect as redirect
from checks.security.test_server import test_version_hidden as version_hidden
from gonogo import Shortfall
from gonogo.concerns.api.fixtures import ContractAnswer
from gonogo.concerns.availability import Answer
from gonogo.concerns.security.pages import Document, Response
from gonogo.concerns.security.ways import Redirects
from gonogo.environment import models
from gonogo.errors import EvidenceMissing
from gonogo.probes.http.facts import Exchange, Timings

for _function in (
    schema,
    deep,
    shallow,
    revalidated,
    nonce_used,
    csp_present,
    script_missing,
    script_wildcard,
    framing,
    redirect,
    permanent,
    no_downgrade,
    version_hidden,
):
    _function.__test__ = False  # type: ignore[attr-defined]


def exchange(
    body: str = "", status: int = 200, *headers: tuple[str, str], url: str = "https://www.acme.test/"
) -> Exchange:
    return Exchange(
        url=url, method="GET", role="anonymous", status=status, http_version="HTTP/1.1", headers=headers, body=body,
        body_bytes=len(body.encode()), wire_bytes=0, body_sha256="", timings=Timings(None, None, None, 0, 0), address="",
        ended="2026-11-21T00:00:00+00:00",
    )  # fmt: skip


def says(judge: Any, fixture: object) -> str:
    """PASS, UNKNOWN, or FAIL with its findings."""
    try:
        judge(fixture)
    except Shortfall as error:
        return f"FAIL {error}"
    except EvidenceMissing as error:
        return f"UNKNOWN {error}"
    return "PASS"


def health(body: str, *components: str) -> Answer:
    return Answer("/health", exchange(body), None, max_s=1, components=components)


@pytest.mark.parametrize(
    "body",
    ['{"status":"ok"}', '{"status":"UP"}', '"healthy"', "true", "", "OK", "Healthy", '{"healthy":true}', '{"status":"pass","version":"1"}',
     '\ufeff{"status":"ok"}', '{"uptime": 5}', '{"status":"ready"}'],
)  # fmt: skip
def test_health_that_says_yes(body: str) -> None:
    assert says(shallow, health(body)) == "PASS"


@pytest.mark.parametrize(
    "body", ["false", "null", "[]", "0", "{}", '{"status":"down"}', '{"healthy":false}', '"fail"', "[" * 50_000]
)
def test_health_that_does_not(body: str) -> None:
    assert says(shallow, health(body)).startswith("FAIL") or body.startswith("[[")


@pytest.mark.parametrize(
    ("body", "components", "wanted"),
    [
        ('{"status":"ok","checks":{"db":{"status":"ok"}}}', ("db",), "PASS"),
        ('{"status":"pass","checks":{"db:connections":[{"status":"pass"}]}}', ("db",), "PASS"),
        ('{"status":"pass","checks":{"db:connections":[{"status":"pass"},{"status":"fail"}]}}', ("db",), "FAIL"),
        ('{"db":"ok"}', ("db",), "PASS"),
        ('{"status":"ok"}', ("db",), "FAIL"),
        ("{}", (), "FAIL"),
        ('{"error":"database down"}', (), "FAIL"),
        ('{"status":"ok","checks":{"db":{"status":"fail"}}}', (), "FAIL"),
        ("[]", (), "FAIL"),
    ],
)
def test_deep_health(body: str, components: tuple[str, ...], wanted: str) -> None:
    assert says(deep, health(body, *components)).startswith(wanted)


def document(*headers: tuple[str, str], body: str = "<p>page</p>") -> Document:
    return Document(models.Page(path="/"), exchange(body, 200, *headers), models.Security())


@pytest.mark.parametrize("sources", ["*", "https:", "*:*", "https://*:*", "*.com", "http: 'self'"])
def test_open_framing(sources: str) -> None:
    assert says(framing, document(("Content-Security-Policy", f"frame-ancestors {sources}"))).startswith("FAIL")


@pytest.mark.parametrize("sources", ["'none'", "'self'", "https://partner.example.org", "*.acme.test"])
def test_closed_framing(sources: str) -> None:
    assert says(framing, document(("Content-Security-Policy", f"frame-ancestors {sources}"))) == "PASS"


@pytest.mark.parametrize(
    ("policy", "failing"),
    [
        ("default-src *", {script_wildcard}),
        ("script-src 'self' https: data:", {script_wildcard}),
        ("script-src 'nonce-abc' 'strict-dynamic' https:", set()),
        ("default-src 'self'", set()),
        ("img-src 'self'", {script_missing}),
        (" ;", {csp_present}),
        ("script-src *, script-src 'self'", set()),
    ],
)
def test_one_weakness_of_a_policy_is_one_finding(policy: str, failing: set[object]) -> None:
    page = document(("Content-Security-Policy", policy))
    judged = {one: says(one, page) for one in (csp_present, script_missing, script_wildcard)}
    assert {one for one, said in judged.items() if said.startswith("FAIL")} == failing


def test_an_inline_script_with_a_hash_needs_no_nonce() -> None:
    policy = ("Content-Security-Policy", "script-src 'nonce-abc' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='")
    assert says(nonce_used, document(policy, body="<script>alert('Hello, world.');</script>")) == "PASS"
    assert says(nonce_used, document(policy, body="<script>alert('else')</script>")).startswith("FAIL")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("ECS (dcb/7EC7)", "PASS"), ("nginx", "PASS"), ("nginx/1.22", "FAIL"), ("Apache/2", "FAIL"), ("PHP 8.2", "FAIL")],
)
def test_versions(value: str, wanted: str) -> None:
    answer = Response("/", "page", exchange("", 200, ("Server", value)), models.Security(), "www.acme.test")
    assert says(version_hidden, answer).startswith(wanted)


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ((("Cache-Control", "private"), ("Expires", "0")), "PASS"),
        ((("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),), "PASS"),
        ((("Expires", "Thu, 01 Jan 2037 00:00:00 GMT"),), "FAIL"),
        ((("Cache-Control", "max-age=86400"), ("Expires", "0")), "FAIL"),
        ((), "FAIL"),
    ],
)
def test_html_that_is_stale_at_once(headers: tuple[tuple[str, str], ...], wanted: str) -> None:
    assert says(revalidated, document(*headers)).startswith(wanted)


SITE = models.Site(url="https://www.acme.test")


def hop(url: str, status: int, location: str = "") -> Exchange:
    return exchange("", status, *([("Location", location)] if location else []), url=url)


HOME = "https://www.acme.test/"


@pytest.mark.parametrize(
    ("hops", "failing"),
    [
        ((hop("http://www.acme.test/", 301, HOME), hop(HOME, 200)), set()),
        ((hop("http://www.acme.test/", 308, "//www.acme.test/"),), {redirect}),
        ((hop("http://www.acme.test/", 308, HOME), hop(HOME, 401)), set()),
        ((hop("http://www.acme.test/", 301, HOME), hop(HOME, 302, "https://login.elsewhere.test/")), set()),
        ((hop("http://www.acme.test/", 301, "https://[::1"),), {redirect}),
        ((hop("http://www.acme.test/", 302, HOME),), {permanent}),
        ((hop("http://www.acme.test/", 301, "https://evil.test/"),), {redirect}),
        ((hop("http://www.acme.test/a", 301, HOME),), {redirect}),
        ((hop("http://www.acme.test/a?b=1", 301, f"{HOME}a/"),), set()),
        ((hop("http://www.acme.test/", 301, HOME), hop(HOME, 302, "http://www.acme.test/x")), {no_downgrade}),
        ((hop("http://www.acme.test/", 200),), {redirect}),
    ],
)  # fmt: skip
def test_redirects_to_https(hops: tuple[Exchange, ...], failing: set[object]) -> None:
    judged = {one: says(one, Redirects(hops, "", SITE)) for one in (redirect, permanent, no_downgrade)}
    assert {one for one, said in judged.items() if said.startswith("FAIL")} == failing


def contract(body: str, media: str, said: str, schema: object = None) -> ContractAnswer:
    described: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {"responses": {"200": {
        "description": "", "content": {media: {} if schema is None else {"schema": schema}}}}}}}}  # fmt: skip
    endpoint = models.Endpoint(name="a", path="/a")
    return ContractAnswer(endpoint, "anonymous", exchange(body, 200, ("Content-Type", said)), described)


def test_contract_without_a_schema_holds_nothing() -> None:
    assert says(schema, contract("{}", "application/json", "application/json")).startswith("UNKNOWN")
    assert says(schema, contract("{}", "application/json", "text/html", {"type": "object"})).startswith("UNKNOWN")


def test_contract_of_text() -> None:
    assert says(schema, contract("hello", "text/plain", "text/plain; charset=utf-8", {"type": "string"})) == "PASS"
    assert says(schema, contract("hello", "application/json", "application/json", {"type": "string"})).startswith(
        "FAIL"
    )
    assert says(schema, contract("[" * 50_000, "application/json", "application/json", {})).startswith("FAIL")
