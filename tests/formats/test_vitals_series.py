"""How repeated measurements are held to a budget: the median, and in doubt the repetitions."""

from __future__ import annotations

import pytest

from gonogo.formats.vitals import Series, heaviest, near_budget, over_budget


@pytest.mark.parametrize(
    ("values", "again", "wanted"),
    [
        ((900, 950, 1000), (), False),
        ((900, 1000, 3000), (), False),
        ((1100, 1200, 1300), (), True),
        ((900, 1200, 1300), (), True),
        ((900, 1200, 1300), (900, 1000, 1400), False),
        ((900, 1200, 1300), (900, 1001, 1400), True),
        ((1001, 1200, 1300), (500, 500, 500), True),
        ((1001,), (), True),
    ],
)
def test_over_means_the_median_and_either_every_run_or_the_repetitions(
    values: tuple[float, ...], again: tuple[float, ...], wanted: bool
) -> None:
    assert Series(values, again).over(1000) is wanted
    assert bool(over_budget("/", "LCP", Series(values, again), 1000, "ms")) is wanted


def test_a_finding_tells_the_spread_the_element_and_the_repetitions() -> None:
    series = Series((900.0, 1200.0, 1300.0), (1250.0,))
    (found,) = over_budget("/", "LCP", series, 1000, "ms", element="#hero", note="its longest part is the load, 800 ms")
    assert found.message == (
        "/: LCP is 1200 ms (median of 3 runs, 900 to 1300, MAD 100; 1250 in 1 more) at #hero, wanted at most 1000 ms. "
        "Its longest part is the load, 800 ms."
    )


@pytest.mark.parametrize(("value", "near"), [(0.05, False), (0.09, False), (0.0901, True), (0.1, True), (0.11, False)])
def test_near_is_the_last_share_of_a_budget_that_is_kept(value: float, near: bool) -> None:
    assert bool(near_budget("/", "CLS", Series((value,)), 0.1, "", headroom=0.1)) is near


def test_the_heaviest_run_counts() -> None:
    assert heaviest("/", "script", (900, 1000), 1000, "bytes") == []
    (found,) = heaviest("/", "script", (900, 1001), 1000, "bytes", worst="/app.js (800 bytes)")
    assert found.message == "/: script is 1001 bytes, most of it /app.js (800 bytes), wanted at most 1000 bytes."
