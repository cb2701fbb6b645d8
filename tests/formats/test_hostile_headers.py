"""What a site sends is hostile: any text is read without an exception and in linear time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import (
    cache_control,
    clear_site_data,
    cross_origin,
    csp_review,
    hsts,
    permissions_policy,
    rate_limit,
    referrer_policy,
    reporting_endpoints,
    security_txt,
    set_cookie,
    structured_fields,
)

AT = datetime(2026, 11, 21, tzinfo=UTC)
PAGE = "https://app.example.com/shop/cart"
LENGTH = 60_000
BUDGET_S = 0.5

READERS: dict[str, Callable[[list[str]], object]] = {
    "hsts": hsts.parse,
    "set_cookie": lambda values: [
        set_cookie.stored(value, url=PAGE, at=AT, is_public_suffix=lambda host: host == "com") for value in values
    ],
    "cookie_date": lambda values: [set_cookie.cookie_date(value) for value in values],
    "item": structured_fields.item,
    "members": structured_fields.members,
    "dictionary": structured_fields.dictionary,
    "opener_policy": cross_origin.opener_policy,
    "embedder_policy": cross_origin.embedder_policy,
    "resource_policy": cross_origin.resource_policy,
    "permissions_policy": permissions_policy.parse,
    "reporting_endpoints": lambda values: reporting_endpoints.parse(values, url=PAGE),
    "rate_limit_policies": rate_limit.policies,
    "rate_limits": rate_limit.limits,
    "rate_limit_triple": lambda values: rate_limit.triple(values, values, values),
    "referrer_policy": referrer_policy.parse,
    "clear_site_data": clear_site_data.parse,
    "cache_control": lambda values: (cache_control.shared_storage(values), cache_control.duplicates(values)),
    "cdn_fields": lambda values: cache_control.kept_by_cdns(lambda _: tuple(values)),
    "lifetime": lambda values: cache_control.shared_lifetime(values, expires=tuple(values), date=AT),
    "framing": lambda values: csp_review.framing(values, values),
    "security_txt": lambda values: [security_txt.parse(value[: security_txt.LIMIT], at=AT) for value in values],
}
ANY_TEXT = st.text(max_size=300) | st.binary(max_size=300).map(lambda octets: octets.decode("latin-1"))
LIKE_HEADERS = st.text(
    alphabet="\"\\;,=()*?:@%/.-+ \t\r\n'<>[]{}#0159aexzAZ\u00e9\u0661\ud800", max_size=120
) | st.lists(
    st.sampled_from(
        ["max-age", "=", "1", ";", ",", " ", '"', "\\", "(", ")", "self", "*", "https://a", "https://[", "a=b", "limit=1",
         "remaining=1", "reset=1", "q=1", "Expires", "Contact:", "\n", "Domain=", "Path=/", "-----BEGIN PGP SIGNED MESSAGE-----"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
@given(values=st.lists(ANY_TEXT | LIKE_HEADERS, max_size=3))
def test_any_text_is_read(reader: str, values: list[str]) -> None:
    READERS[reader](values)


HEADS = ("", '"', 'a="', "a=b;Expires=")
UNITS = (
    *"\"\\;,=()*?:@%/.-+ \t\r\n'<#0aA\u00e9", "a=", "a,", "a=1;", 'a="', '\\"', ":A", " ;", "1 ", "\r\n ", ", a", "a: b\n", "10:"
)  # fmt: skip
TAIL = "\x00"
"""No grammar takes it, so what backtracks does so at the end."""


@pytest.mark.parametrize("reader", READERS)
def test_time_is_linear(reader: str) -> None:
    for head in HEADS:
        for unit in UNITS:
            for tail in ("", TAIL):
                value = head + unit * (LENGTH // len(unit)) + tail
                took = seconds(partial(READERS[reader], [value]), BUDGET_S)
                assert took < BUDGET_S, (head, unit, tail)
