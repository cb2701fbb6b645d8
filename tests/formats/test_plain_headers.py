"""Referrer-Policy, Clear-Site-Data and Cache-Control."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gonogo.formats import cache_control, clear_site_data, referrer_policy
from gonogo.formats.clear_site_data import ClearSiteData
from gonogo.formats.referrer_policy import ReferrerPolicy


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["no-referrer"], ReferrerPolicy("no-referrer")),
        (["No-Referrer "], ReferrerPolicy("no-referrer")),
        (["no-referrer, strict-origin"], ReferrerPolicy("strict-origin")),
        (["no-referrer", "unsafe-url"], ReferrerPolicy("unsafe-url")),
        (["same-origin, , strict-orign"], ReferrerPolicy("same-origin", ("strict-orign",))),
        (["never, origin; x, no-referrer"], ReferrerPolicy("no-referrer", ("never", "origin; x"))),
    ],
)
def test_referrer_policy(values: list[str], wanted: ReferrerPolicy) -> None:
    assert referrer_policy.parse(values) == wanted


@pytest.mark.parametrize(
    ("values", "why"),
    [([], "absent"), ([""], "no known policy"), (["never"], "'never'"), (['"no-referrer"'], "no known")],
)
def test_no_referrer_policy(values: list[str], why: str) -> None:
    found = referrer_policy.parse(values)
    assert isinstance(found, str)
    assert why in found


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (['"cookies"'], ClearSiteData(("cookies",))),
        (['"cache", "storage"', '"cookies"'], ClearSiteData(("cache", "storage", "cookies"))),
        (['"*"'], ClearSiteData(("*",))),
        (['"cookies", storage, "Cache"'], ClearSiteData(("cookies",), ("storage", '"Cache"'))),
    ],
)
def test_clear_site_data(values: list[str], wanted: ClearSiteData) -> None:
    assert clear_site_data.parse(values) == wanted


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "absent"),
        (["cookies"], "lacks its quotes"),
        (["*"], "lacks its quotes"),
        (['"cookie"'], "nothing that browsers know"),
        (["\"cookies'"], "nothing that browsers know"),
        (['"cookies'], "nothing that browsers know"),
        (['"'], "nothing that browsers know"),
        (['"cookies, storage"'], "nothing that browsers know"),
    ],
)
def test_clears_nothing(values: list[str], why: str) -> None:
    found = clear_site_data.parse(values)
    assert isinstance(found, str)
    assert why in found


def test_what_is_cleared() -> None:
    assert ClearSiteData(("*",)).clears("cookies")
    assert ClearSiteData(("cookies",)).clears("cookies")
    assert not ClearSiteData(("cache",)).clears("cookies")


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["public, max-age=60"], {"public": "", "max-age": "60"}),
        (['private="a, b", no-cache'], {"private": "a, b", "no-cache": ""}),
        (['max-age="6\\0"'], {"max-age": "60"}),
        (["max-age=1", "MAX-AGE=2"], {"max-age": "1"}),
        (["=bad, no-store"], {"no-store": ""}),
        (['a="unclosed, no-store'], {"no-store": ""}),
        (["max-age=60 no-store, public"], {"public": ""}),
        (["max-age = 5"], {"max-age": "5"}),
        (["no-store\n"], {}),
    ],
)
def test_cache_control(values: list[str], wanted: dict[str, str]) -> None:
    assert cache_control.parse(values) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"), [("60", 60), ("0060", 60), ("-60", None), ("", None), ("1.5", None), ("9" * 99, 10**18 - 1)]
)
def test_cache_control_seconds(text: str, wanted: int | None) -> None:
    assert cache_control.seconds({"max-age": text}, "max-age") == wanted
    assert cache_control.seconds({}, "max-age") is None


def test_cache_control_duplicates() -> None:
    assert cache_control.duplicates(["max-age=1, public", "MAX-AGE=1"]) == ("max-age",)
    assert cache_control.duplicates(["max-age=1, s-maxage=1"]) == ()


@pytest.mark.parametrize(
    ("values", "status", "authorization", "expires", "wanted", "why"),
    [
        ([], 200, False, False, True, "status 200"),
        ([], 404, False, False, True, "status 404"),
        ([], 302, False, False, False, "status 302"),
        ([], 302, False, True, True, "Expires"),
        (["max-age=60"], 302, False, False, True, "max-age"),
        (["public, max-age=60"], 200, False, False, True, "public"),
        (["no-cache"], 200, False, False, True, "status 200"),
        (["no-store, public"], 200, False, False, False, "no-store"),
        (["public", "NO-STORE"], 200, False, False, False, "no-store"),
        (["no-store, must-understand, max-age=5"], 200, False, False, True, "max-age"),
        (["no-store, must-understand"], 299, False, False, False, "no-store"),
        (["private"], 200, False, False, False, "private"),
        (["private, public"], 200, False, False, False, "private"),
        (['private="set-cookie"'], 200, False, False, True, "status 200"),
        (['private="set-cookie", private'], 200, False, False, False, "private"),
        (["max-age=60"], 200, True, False, False, "authorized"),
        (["max-age=60, must-revalidate"], 200, True, False, True, "max-age"),
        (["s-maxage=60"], 200, True, False, True, "s-maxage"),
        (["public"], 200, True, False, True, "public"),
    ],
)
def test_shared_storage(
    values: list[str], status: int, authorization: bool, expires: bool, wanted: bool, why: str
) -> None:
    found = cache_control.shared_storage(values, status=status, authorization=authorization, expires=expires)
    assert found.allowed is wanted
    assert why in found.why


NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "expires", "wanted"),
    [
        ([], [], None),
        (["public"], [], None),
        (["max-age=60"], [], 60),
        (["max-age=60, s-maxage=5"], [], 5),
        (["s-maxage=0, max-age=60"], [], 0),
        (["max-age=60, no-cache"], [], 0),
        (['max-age=60, no-cache="set-cookie"'], [], 60),
        (["max-age=1d"], [], 0),
        (["max-age=0, stale-while-revalidate=60"], [], 60),
        (["max-age=0, must-revalidate, stale-while-revalidate=60"], [], 0),
        ([], ["Sat, 21 Nov 2026 10:01:00 GMT"], 60),
        (["max-age=0"], ["Sat, 21 Nov 2026 10:01:00 GMT"], 0),
        ([], ["Sat, 21 Nov 2026 09:00:00 GMT"], 0),
        ([], ["0"], 0),
    ],
)
def test_how_long_a_shared_cache_may_hand_out(values: list[str], expires: list[str], wanted: int | None) -> None:
    assert cache_control.shared_lifetime(values, expires=expires, date=NOW) == wanted


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("cdn-cache-control", "max-age=600", True),
        ("cdn-cache-control", "public", True),
        ("cdn-cache-control", "no-store", False),
        ("cdn-cache-control", "max-age=600, private", False),
        ("cdn-cache-control", "max-age=0", False),
        ("vercel-cdn-cache-control", "s-maxage=600", True),
        ("surrogate-control", "max-age=600", True),
        ("surrogate-control", "max-age=600+30", True),
        ("surrogate-control", 'content="ESI/1.0"', False),
        ("surrogate-control", "no-store, max-age=600", False),
        ("surrogate-control", "max-age=0", False),
        ("x-accel-expires", "600", True),
        ("x-accel-expires", "@1795000000", True),
        ("x-accel-expires", "0", False),
        ("x-accel-expires", "off", False),
        ("x-accel-expires", "", False),
    ],
)
def test_fields_that_cdns_obey_in_place_of_cache_control(name: str, value: str, kept: bool) -> None:
    found = cache_control.kept_by_cdns(lambda asked: (value,) if asked == name else ())
    assert found == (f"{name}: {value}" if kept else "")
