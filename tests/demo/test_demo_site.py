"""The healthy product, seen by a client that checks names and certificates."""

from __future__ import annotations

import json
import re

import pytest
from openapi_schema_validator import OAS31Validator

from gonogo.demo.site import HERO, SCRIPT, STYLESHEET

PAGES = {
    "/": "Acme Insights",
    "/pricing": "Pricing",
    "/privacy": "Privacy policy",
    "/dashboard": "Engagement dashboard",
}
API = "/api/analytics"


def cookie(response) -> str:
    return response.headers["set-cookie"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_their_words_and_every_protection(clients, path):
    response = clients.request(path)
    assert response.status_code == 200
    assert PAGES[path] in response.text
    assert response.headers["cache-control"] == "private, no-cache"
    assert len(response.content) > 1024
    nonces = set(re.findall(r'nonce="([^"]+)"', response.text))
    policy = response.headers["content-security-policy"]
    assert [f"'nonce-{nonce}'" in policy for nonce in nonces] == [True]
    assert {"Secure", "HttpOnly", "SameSite=lax"} <= set(cookie(response).split("; "))


def test_each_response_has_a_nonce_of_its_own(clients):
    first, second = (clients.request("/").headers["content-security-policy"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/nothing", 404), ("/health", 200), (f"{API}/stats", 401), (SCRIPT, 200)],
)
def test_security_headers_are_on_every_response(clients, path, status):
    response = clients.request(path)
    assert response.status_code == status
    assert response.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains; preload"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert "permissions-policy" in response.headers
    assert "server" not in response.headers


@pytest.mark.parametrize("path", [SCRIPT, STYLESHEET, HERO])
@pytest.mark.parametrize("coding", ["br", "gzip", "identity"])
def test_assets_are_immutable_and_compressed_as_asked(clients, path, coding):
    response = clients.request(path, headers={"Accept-Encoding": coding})
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers.get("content-encoding", "identity") == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert len(response.content) > 1024


def test_a_refused_coding_is_not_used(clients):
    response = clients.request("/", headers={"Accept-Encoding": "br;q=0, gzip"})
    assert response.headers["content-encoding"] == "gzip"


def test_unknown_pages_are_a_page_and_unknown_endpoints_a_problem(clients):
    page, endpoint = clients.request("/nothing"), clients.request("/api/nothing")
    assert (page.status_code, endpoint.status_code) == (404, 404)
    assert "Page not found" in page.text
    assert endpoint.headers["content-type"] == "application/problem+json"


def test_health_asks_each_dependency(clients):
    shallow, deep = clients.request("/health"), clients.request("/health?deep=1")
    assert shallow.json() == {"status": "ok"}
    assert {name: part["status"] for name, part in deep.json()["checks"].items()} == {
        "database": "ok",
        "cache": "ok",
        "queue": "ok",
    }
    assert shallow.headers["cache-control"] == deep.headers["cache-control"] == "no-store"


def test_version_tells_the_release(clients):
    assert clients.request("/version").json()["release"] == "2026.11.3"


def test_metrics_count_what_was_asked(clients):
    def pricing() -> int:
        text = clients.request("/metrics").text
        found = re.search(
            r'^http_requests_total\{method="GET",route="/pricing",status="200"\} (\d+)$', text, re.MULTILINE
        )
        assert found, text
        return int(found[1])

    before = pricing()
    clients.request("/pricing")
    assert pricing() == before + 1
    text = clients.request("/metrics").text
    assert 'http_request_duration_seconds_bucket{method="GET",route="/pricing",le="+Inf"}' in text
    assert int(re.findall(r"^process_resident_memory_bytes (\d+)$", text, re.MULTILINE)[0]) > 10_000_000


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/stats", {"": 401, "user": 200, "admin": 200}),
        ("/engagement/metrics", {"": 401, "user": 200, "admin": 200}),
        ("/engagement/trends?days=7", {"": 401, "user": 200, "admin": 200}),
        ("/engagement/export?format=json", {"": 401, "user": 403, "admin": 200}),
    ],
)
def test_each_role_gets_what_it_may_see_and_what_the_document_says(clients, path, allowed):
    document = clients.request("/openapi.json").json()
    for role, status in allowed.items():
        response = clients.request(f"{API}{path}", role=role)
        assert response.status_code == status, role
        assert response.headers["cache-control"] == "private, no-store"
        if status == 401:
            assert response.headers["www-authenticate"].startswith("Bearer")
        operation = document["paths"][f"{API}{path.partition('?')[0]}"]["get"]
        described = operation["responses"][str(status)]
        if "$ref" in described:
            described = document["components"]["responses"][described["$ref"].rpartition("/")[2]]
        media = response.headers["content-type"]
        schema = {**described["content"][media]["schema"], "components": document["components"]}
        OAS31Validator(schema).validate(response.json())


def test_a_wrong_token_is_told_so(clients):
    response = clients.request(f"{API}/stats", headers={"Authorization": "Bearer wrong"})
    assert response.status_code == 401
    assert "invalid_token" in response.headers["www-authenticate"]


@pytest.mark.parametrize("days", ["0", "91", "x", "-1", "٣"])
def test_a_bad_parameter_is_refused(clients, days):
    response = clients.request(f"{API}/engagement/trends?days={days}", role="user")
    assert (response.status_code, response.json()["status"]) == (422, 422)


def test_figures_come_from_the_database_and_agree(clients):
    stats = clients.request(f"{API}/stats", role="user").json()
    summary = clients.request("/api/public/summary").json()
    assert stats["events"] > 1000
    assert stats["events"] == sum(one["count"] for one in stats["top_events"])
    assert len(summary["days"]) == 14
    assert summary["events"] == stats["events"]


def test_only_an_admin_clears_the_cache(clients):
    clients.request(f"{API}/stats", role="user")
    path = f"{API}/cache"
    answers = [clients.request(path, method="DELETE", role=role) for role in ("", "user", "admin")]
    assert [answer.status_code for answer in answers] == [401, 403, 200]
    assert answers[-1].json()["cleared"] >= 1
    assert clients.request(path, method="DELETE", role="admin").json() == {"cleared": 0}


def test_plain_http_redirects_for_good_and_keeps_path_and_query(clients):
    response = clients.plain("/pricing?plan=team&x=%2F")
    assert response.status_code == 308
    assert response.headers["location"] == f"{clients.origin}/pricing?plan=team&x=%2F"


def test_collectors_take_hits_of_the_site_only(clients, demo):
    for host, path in (("analytics.tagworks.test", "/g/collect"), ("errors.faultline.test", "/api/4507/envelope/")):
        response = clients.collector(host, path, headers={"Origin": clients.origin}, content=b'{"name":"x"}')
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == clients.origin
        assert response.headers["vary"] == "Origin"
        stranger = clients.collector(host, path, headers={"Origin": "https://elsewhere.test"}, content=b"{}")
        assert "access-control-allow-origin" not in stranger.headers
    assert clients.collector("analytics.tagworks.test", "/api/4507/envelope/", content=b"").status_code == 404
    told = [(hit["host"], hit["origin"], hit["body"]) for hit in demo.hits()]
    assert (
        "analytics.tagworks.test",
        clients.origin,
        json.dumps({"name": "x"}, separators=(",", ":")),
    ) in told
    assert len(told) == 4


def test_the_collectors_preflight_allows_what_the_site_needs(clients):
    headers = {"Origin": clients.origin, "Access-Control-Request-Method": "POST"}
    response = clients.collector("analytics.tagworks.test", "/g/collect", method="OPTIONS", headers=headers)
    assert response.status_code == 204
    assert response.headers["access-control-allow-methods"] == "POST"
    assert response.headers["access-control-allow-credentials"] == "true"
