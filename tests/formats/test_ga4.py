"""Analytics hits: what real tags send, what others send, and any text without an exception."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quick import seconds

from gonogo.formats import ga4, request_body

COLLECT = (
    "https://region1.google-analytics.com/g/collect?v=2&tid=G-ABC123DEF4&gcs=G111&cid=1.2&dl=https%3A%2F%2Fa.test%2F"
)


@pytest.mark.parametrize(
    ("url", "body", "names"),
    [
        (f"{COLLECT}&en=page_view", "", ["page_view"]),
        (COLLECT, "en=page_view&_et=12\r\nen=scroll&epn.percent=90\r\n", ["page_view", "scroll"]),
        (f"{COLLECT}&en=page_view", "en=scroll", ["scroll"]),
        (COLLECT, '{"en": "sign_up", "value": 3, "nested": {"en": "x"}}', ["sign_up"]),
        (COLLECT, "[1]", [""]),
        (COLLECT, '{"en": ', [""]),
        ("https://[", "en=a", ["a"]),
        ("", "", [""]),
    ],
)
def test_each_line_of_the_body_is_an_event(url: str, body: str, names: list[str]) -> None:
    assert [hit.get("en") for hit in ga4.hits(url, body)] == names


def test_events_have_the_parameters_of_the_address() -> None:
    first, second = ga4.hits(COLLECT, "en=a\nen=b&dl=other")
    assert (first.get("tid"), first.get("dl"), second.get("dl")) == ("G-ABC123DEF4", "https://a.test/", "other")
    assert first.get("absent") == ""


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://www.googletagmanager.com/gtag/js?id=G-ABC123DEF4", "G-ABC123DEF4"),
        ("https://www.googletagmanager.com/gtag/js?id=G-ABC123DEF4&l=dataLayer&cx=c", "G-ABC123DEF4"),
        ("https://www.googletagmanager.com/gtm.js?id=GTM-AB12CD", "GTM-AB12CD"),
        ("https://metrics.a.test/gtag/js?id=G-ABC123DEF4", "G-ABC123DEF4"),
        ("https://www.googletagmanager.com/gtag/js?id=", ""),
        ("https://www.googletagmanager.com/gtag/js?id=g-abc", ""),
        ("https://a.test/app.js?id=G-ABC123DEF4", ""),
        ("https://[/gtag/js?id=G-ABC123DEF4", ""),
    ],
)
def test_the_id_that_a_tag_is_loaded_with(url: str, found: str) -> None:
    assert ga4.tag_id(url) == found


@given(st.text(max_size=600), st.text(max_size=600))
def test_any_texts_are_hits(url: str, body: str) -> None:
    assert ga4.hits(url, body)
    assert isinstance(ga4.tag_id(url), str)


@pytest.mark.parametrize(
    "body",
    [
        "en=a&" * 200_000,
        "\n" * 1_000_000,
        "a=" + "%" * 500_000,
        "{" * 500_000,
        '{"a":' * 100_000,
        '{"a": 1' + "0" * 5000 + "}",
    ],
)
def test_huge_bodies_take_no_time(body: str) -> None:
    assert len(ga4.hits(COLLECT, body)) <= ga4.MAX_EVENTS
    assert seconds(lambda: ga4.hits(COLLECT, body), 0.5) < 0.5


# --- bodies ---


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"plain", ""),
        (b"plain", "identity"),
        (gzip.compress(b"plain", mtime=0), "gzip"),
        (gzip.compress(b"plain", mtime=0), ""),
        (zlib.compress(b"plain"), "deflate"),
        (zlib.compress(b"plain", wbits=-15), "Deflate "),
        (b"plain", "gzip"),
    ],
)
def test_bodies_are_decompressed(body: bytes, coding: str) -> None:
    assert request_body.text(body, coding) == "plain"


def test_a_bomb_is_cut() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(request_body.text(bomb, "gzip")) == request_body.MAX_BYTES


def test_a_body_cut_short_is_read_as_far_as_it_goes() -> None:
    whole = json.dumps({"words": [str(number) for number in range(2000)]})
    assert whole.startswith(request_body.text(gzip.compress(whole.encode())[:-200], "gzip"))


@given(st.binary(max_size=400), st.sampled_from(["", "gzip", "deflate", "br"]))
def test_any_bytes_are_text(body: bytes, coding: str) -> None:
    assert isinstance(request_body.text(body, coding), str)
    assert isinstance(request_body.text(b"\x1f\x8b" + body, coding), str)
