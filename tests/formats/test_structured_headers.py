"""Fields in structured syntax: COOP, COEP, Permissions-Policy, Reporting-Endpoints, RateLimit; and CORP, which is not."""

from __future__ import annotations

import pytest

from gonogo.formats import cross_origin, permissions_policy, rate_limit, reporting_endpoints, structured_fields
from gonogo.formats.cross_origin import Policy
from gonogo.formats.permissions_policy import Allowlist, Reach
from gonogo.formats.rate_limit import Quota

PAGE = "https://app.example.com/shop/cart"


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["same-origin"], Policy("same-origin")),
        ([" \tsame-origin\t"], Policy("same-origin")),
        (["unsafe-none"], Policy("unsafe-none")),
        (["same-origin-allow-popups"], Policy("same-origin-allow-popups")),
        (["noopener-allow-popups"], Policy("noopener-allow-popups")),
        (['same-origin; report-to="coop"'], Policy("same-origin", "coop")),
        (["same-origin; report-to=coop; x=1"], Policy("same-origin")),
        ([], "absent"),
        ([""], "not a structured field"),
        (['"same-origin"'], "not an unquoted word"),
        (["?1"], "not an unquoted word"),
        (["Same-Origin"], "is not one of"),
        (["same-site"], "is not one of"),
        (["same-origin", "same-origin"], "not a structured field"),
        (["same-origin, unsafe-none"], "not a structured field"),
        (["same-origin;"], "not a structured field"),
        (["same-origin\u00e9"], "outside ASCII"),
        (["a" * (structured_fields.LIMIT + 1)], "longer than"),
    ],
)
def test_opener_policy(values: list[str], wanted: Policy | str) -> None:
    _is(cross_origin.opener_policy(values), wanted)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["require-corp"], Policy("require-corp")),
        (["credentialless"], Policy("credentialless")),
        (['unsafe-none;report-to="e"'], Policy("unsafe-none", "e")),
        (['"require-corp"'], "not an unquoted word"),
        (["required-corp"], "is not one of"),
        (["(require-corp)"], "not a structured field"),
    ],
)
def test_embedder_policy(values: list[str], wanted: Policy | str) -> None:
    _is(cross_origin.embedder_policy(values), wanted)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["same-origin"], Policy("same-origin")),
        (["\tcross-origin "], Policy("cross-origin")),
        (["same-site"], Policy("same-site")),
        ([], "absent"),
        (["sameorigin"], "not exactly"),
        (["Same-Origin"], "not exactly"),
        (['"same-origin"'], "not exactly"),
        (["same-origin", "same-origin"], "not exactly"),
        (["same-origin; x=1"], "not exactly"),
    ],
)
def test_resource_policy(values: list[str], wanted: Policy | str) -> None:
    _is(cross_origin.resource_policy(values), wanted)


@pytest.mark.parametrize(
    ("opener", "embedder", "isolated"),
    [
        ("same-origin", "require-corp", True),
        ("same-origin", "credentialless", True),
        ("same-origin", "unsafe-none", False),
        ("same-origin-allow-popups", "require-corp", False),
        ('"same-origin"', "require-corp", False),
        ("same-origin", '"require-corp"', False),
    ],
)
def test_isolates(opener: str, embedder: str, isolated: bool) -> None:
    policies = cross_origin.opener_policy([opener]), cross_origin.embedder_policy([embedder])
    assert cross_origin.isolates(*policies) is isolated


@pytest.mark.parametrize(
    ("values", "feature", "wanted"),
    [
        (["camera=()"], "camera", Reach.NONE),
        (["camera=*"], "camera", Reach.EVERYONE),
        (["camera=(*)"], "camera", Reach.EVERYONE),
        (["camera=(self *)"], "camera", Reach.EVERYONE),
        (["camera=self"], "camera", Reach.SELF),
        (["camera=(self)"], "camera", Reach.SELF),
        (['camera=(self "https://a.example")'], "camera", Reach.ORIGINS),
        (['camera="https://a.example"'], "camera", Reach.ORIGINS),
        (["camera=()"], "microphone", Reach.DEFAULT),
        (["camera=(), microphone=*", "camera=self"], "camera", Reach.SELF),
        (["camera=none"], "camera", Reach.NONE),
        (['camera="self"'], "camera", Reach.NONE),
        (["camera"], "camera", Reach.NONE),
        (["camera=(https)"], "camera", Reach.NONE),
        ([""], "camera", Reach.DEFAULT),
    ],
)
def test_allowed(values: list[str], feature: str, wanted: Reach) -> None:
    policy = permissions_policy.parse(values)
    assert isinstance(policy, permissions_policy.PermissionsPolicy), policy
    assert policy.allowed(feature) is wanted


def test_allowlist() -> None:
    policy = permissions_policy.parse(
        [
            'camera=(self none "HTTPS://A.example:8443/x" "https://*.b.example" "data:x" "https://[" https://bare.example 7);report-to="e", a=();x=1;x=2, a=*'
        ]
    )
    assert isinstance(policy, permissions_policy.PermissionsPolicy), policy
    assert policy.features["camera"] == Allowlist(
        reach=Reach.ORIGINS,
        origins=("https://a.example:8443", "https://*.b.example"),
        includes_self=True,
        report_to="e",
        ignored=("none", "data:x", "https://[", "https://bare.example", "7"),
    )
    assert policy.repeated == ("a",)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "absent"),
        (["camera 'none'"], "old Feature-Policy"),
        (["camera 'none'; microphone 'self'"], "old Feature-Policy"),
        (["geolocation *"], "old Feature-Policy"),
        (["camera=()", "camera=(self"], "not a structured field"),
        (["camera=*=*"], "not a structured field"),
        (["Camera=()"], "not a structured field"),
        (["camera=(), "], "not a structured field"),
        (["camera='none'"], "not a structured field"),
    ],
)
def test_void_permissions_policy(values: list[str], why: str) -> None:
    found = permissions_policy.parse(values)
    assert isinstance(found, str)
    assert why in found


def test_feature_policy_is_named_only_where_it_is() -> None:
    found = permissions_policy.parse(["camera=("])
    assert isinstance(found, str)
    assert "Feature-Policy" not in found


def test_reporting_endpoints() -> None:
    found = reporting_endpoints.parse(
        [
            'main="https://r.example/a", own="/reports"',
            'plain="http://r.example/", word=x, bare=https://r.example/, list=("https://a"), bad="https://["',
        ],
        url=PAGE,
    )
    assert isinstance(found, reporting_endpoints.Endpoints), found
    assert found.urls == {"main": "https://r.example/a", "own": "https://app.example.com/reports"}
    assert [line.split()[0] for line in found.ignored] == ["plain", "word", "bare", "list", "bad"]


@pytest.mark.parametrize(
    ("values", "why"), [([], "absent"), (["main='x'"], "not a structured"), (["Main='x'"], "not a structured")]
)
def test_void_reporting_endpoints(values: list[str], why: str) -> None:
    found = reporting_endpoints.parse(values, url=PAGE)
    assert isinstance(found, str)
    assert why in found


def test_relative_endpoint_of_a_plain_page() -> None:
    found = reporting_endpoints.parse(['own="/reports"'], url="http://app.example.com/")
    assert isinstance(found, reporting_endpoints.Endpoints)
    assert not found.urls


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (['"burst";q=100;w=60'], (Quota("burst", limit=100, window_s=60),)),
        (['"a";q=5, "b";q=1000;w=3600;qu="bytes"'], (Quota("a", 5), Quota("b", 1000, 3600))),
        (["default;q=10;w=1"], (Quota("default", 10, 1),)),
        (["100;w=60", "1000;w=3600"], (Quota("", 100, 60), Quota("", 1000, 3600))),
        ([], "absent"),
        ([""], "empty"),
        (['"burst";w=60'], "without a whole number q"),
        (['"burst";q=1.5'], "without a whole number q"),
        (['"burst";q=-1'], "without a whole number q"),
        (['"burst";q=?1'], "without a whole number q"),
        (['"burst";q=1;w="60"'], "w='60' is not a whole number"),
        (["-5;w=60"], "without a name"),
        (["(a);q=1"], "without a name"),
        (["100 per minute"], "not a structured field"),
    ],
)
def test_rate_limit_policies(values: list[str], wanted: tuple[Quota, ...] | str) -> None:
    _is(rate_limit.policies(values), wanted)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (['"burst";r=50;t=30'], (Quota("burst", remaining=50, reset_s=30),)),
        (["default;r=50"], (Quota("default", remaining=50),)),
        (['"a";r=1', '"b";r=2;t=0'], (Quota("a", remaining=1), Quota("b", remaining=2, reset_s=0))),
        (["limit=100, remaining=50, reset=5"], (Quota("", limit=100, remaining=50, reset_s=5),)),
        ([], "absent"),
        ([""], "empty"),
        (['"burst";t=30'], "without a whole number r"),
        (['"burst";r=1;t=soon'], "t='soon' is not a whole number"),
        (["5;r=1"], "without a policy's name"),
        (["limit=100, remaining=x, reset=5"], "remaining is not a whole number"),
        (["limit=100, remaining=1"], "reset is not a whole number"),
        (["limit=100; remaining"], "not a structured field"),
    ],
)
def test_rate_limits(values: list[str], wanted: tuple[Quota, ...] | str) -> None:
    _is(rate_limit.limits(values), wanted)


@pytest.mark.parametrize(
    ("limit", "remaining", "reset", "wanted"),
    [
        (["100"], ["99"], ["60"], Quota("", limit=100, remaining=99, reset_s=60)),
        (["100, 100;w=60"], [" 0 "], ["1"], Quota("", limit=100, remaining=0, reset_s=1)),
        ([], ["99"], ["60"], "RateLimit-Limit: 'absent'"),
        (["100"], ["-1"], ["60"], "RateLimit-Remaining: '-1'"),
        (["100"], ["1"], ["60s"], "RateLimit-Reset: '60s'"),
        (["100"], ["1"], ["1795219200"], "clock time"),
    ],
)
def test_rate_limit_triple(limit: list[str], remaining: list[str], reset: list[str], wanted: Quota | str) -> None:
    _is(rate_limit.triple(limit, remaining, reset), wanted)


def _is(found: object, wanted: object) -> None:
    """The value wanted, or words that hold the ones wanted."""
    if isinstance(wanted, str):
        assert isinstance(found, str)
        assert wanted in found
    else:
        assert found == wanted
