"""Consent Mode's and the TCF's texts: read as their documents and observers tell, and never with an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.formats import consent_mode, tcf


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("G100", "denied denied"),
        ("G111", "granted granted"),
        ("G110", "granted denied"),
        ("G101", "denied granted"),
        ("G1-0", "unknown denied"),
        ("G1--", "unknown unknown"),
        ("", "unknown unknown"),
        ("G1001", "unknown unknown"),
    ],
)
def test_gcs(text: str, states: str) -> None:
    assert [one.state for one in consent_mode.read_gcs(text)] == states.split()


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("13p3p3p3p5", "denied denied denied denied"),
        ("13r3r3r3r5", "granted granted granted granted"),
        ("13t3p3u3v5", "granted denied denied granted"),
        ("11l1l1l1l1", "unknown unknown unknown unknown"),
        ("13q3m3n3r5l1", "denied denied granted granted"),
        ("nonsense", "unknown unknown unknown unknown"),
    ],
)
def test_gcd(text: str, states: str) -> None:
    assert [one.state for one in consent_mode.read_gcd(text)] == states.split()
    assert [one.name for one in consent_mode.read_gcd(text)] == list(consent_mode.SIGNALS)


def test_a_hit_tells_by_gcd_first() -> None:
    told = consent_mode.of_hit("https://region1.google-analytics.com/g/collect?v=2&gcs=G111&gcd=13r3p3l3l5")
    assert told == {
        "ad_storage": "granted",
        "analytics_storage": "denied",
        "ad_user_data": "unknown",
        "ad_personalization": "unknown",
    }
    assert consent_mode.of_hit("https://x.test/pixel") == {}
    assert consent_mode.of_hit("https://[/") == {}


def test_calls_are_folded_in_their_order() -> None:
    denied = [(name, "denied") for name in consent_mode.SIGNALS]
    mode = consent_mode.fold(
        [("consent", "default", denied), ("config", "G-1", []), ("consent", "update", [("ad_storage", "granted")])]
    )
    assert (mode.used, mode.default_first, mode.updated) == (True, True, True)
    assert mode.state["ad_storage"] == "granted"
    assert mode.default["ad_storage"] == "denied"
    late = consent_mode.fold([("config", "G-1", []), ("consent", "default", denied)])
    assert not late.default_first
    assert consent_mode.fold([("js", "", [])]).used is False


STRING = "CQq7FMAQq7FMAEsABBENDIFAAOAAAAAAAAYgAAAA"


def test_a_tc_string_is_read() -> None:
    core = tcf.parse(STRING + ".IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQ")
    assert isinstance(core, tcf.TcString)
    assert (core.cmp_id, core.vendor_list, core.policy_version, core.language) == (300, 200, 5, "EN")
    assert core.purposes == {1, 2, 3}
    assert core.legitimate_interests == frozenset()
    assert core.publisher_country == "DE"
    assert core.created.isoformat() == "2026-09-21T14:13:20+00:00"


def test_the_specifications_own_example() -> None:
    core = tcf.parse("COtybn4PA_zT4KjACBENAPCIAEBAAECAAIAAAAAAAAAA")
    assert isinstance(core, tcf.TcString)
    assert (core.cmp_id, core.cmp_version, core.vendor_list, core.language) == (675, 2, 15, "EN")
    assert core.purposes == {2, 10}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "bits"),
        ("CO", "bits"),
        ("?" * 60, "base64url"),
        ("BOtybn4PA_zT4KjACBENAPCIAEBAAECAAIAAAAAAAAAA", "version is 1"),
    ],
)
def test_what_is_no_tc_string_says_why(text: str, why: str) -> None:
    found = tcf.parse(text)
    assert isinstance(found, str)
    assert why in found


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    tcf.parse(text)
    consent_mode.read_gcd(text)
    consent_mode.read_gcs(text)
    consent_mode.of_hit(text)
    consent_mode.of_hit(f"https://x.test/?gcs={text}&gcd={text}")


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", max_size=100))
def test_any_base64_is_read(text: str) -> None:
    tcf.parse(text)
    tcf.parse("C" + text * 3)
