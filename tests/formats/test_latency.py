"""Percentiles against an exact oracle, and bounds that keep their promise."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gonogo.formats.latency import (
    answer_rate,
    bucket,
    histogram,
    minimum_samples,
    net_percentile,
    percentile,
    percentile_bounds,
    share_bounds,
    wilson_bounds,
)

LATENCIES = st.floats(0.001, 100_000)
SAMPLES = st.lists(LATENCIES, min_size=1, max_size=300)
SHARES = st.sampled_from([0.05, 0.5, 0.9, 0.95, 0.99])


def nearest_rank(values: list[float], share: float) -> float:
    """The definition, in exact arithmetic on the decimal share."""
    return sorted(values)[max(1, math.ceil(Fraction(str(share)) * len(values))) - 1]


def binomial_cdf(count: int, total: int, share: Fraction) -> Fraction:
    """The definition, in exact arithmetic."""
    terms = (math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(count + 1))
    return sum(terms, Fraction())


@given(LATENCIES)
def test_a_bucket_is_within_half_a_percent(milliseconds: float) -> None:
    assert abs(bucket(milliseconds) - milliseconds) <= 0.005 * milliseconds * (1 + 1e-9)


@given(LATENCIES, LATENCIES)
def test_buckets_keep_order(one: float, other: float) -> None:
    assert (one <= other) <= (bucket(one) <= bucket(other))


@given(SAMPLES, SHARES)
def test_a_percentile_is_the_nearest_rank_within_half_a_percent(values: list[float], share: float) -> None:
    exact = nearest_rank(values, share)
    found = percentile(histogram(values), share, total=len(values))
    assert abs(found - exact) <= 0.005 * exact * (1 + 1e-9)


@pytest.mark.parametrize(("total", "share", "rank"), [(20, 0.95, 19), (300, 0.95, 285), (100, 0.07, 7), (1, 0.5, 1)])
def test_ranks_do_not_slip_by_rounding(total: int, share: float, rank: int) -> None:
    values = [float(one) for one in range(1, total + 1)]
    assert percentile(histogram(values), share, total=total) == rank


@given(SAMPLES, SHARES, st.integers(1, 50))
def test_lost_requests_never_improve_a_percentile(values: list[float], share: float, lost: int) -> None:
    samples, answered = histogram(values), len(values)
    with_lost = percentile(samples, share, total=answered + lost)
    assert with_lost >= percentile(samples, share, total=answered)
    assert percentile_bounds(samples, share, total=answered + lost).upper >= with_lost


def test_nothing_answered_is_infinitely_late() -> None:
    bounds = percentile_bounds((), 0.95, total=100)
    assert (bounds.value, bounds.lower, bounds.upper) == (math.inf, math.inf, math.inf)


@pytest.mark.parametrize(
    ("samples", "share", "total", "why"),
    [
        ((), 0.95, 0, "no request"),
        (((1.0, 3),), 0.95, 2, "more than"),
        (((1.0, 1),), 0.0, 1, "share"),
        (((1.0, 1),), 1.5, 1, "share"),
    ],
)
def test_a_percentile_of_nothing_is_refused(
    samples: tuple[tuple[float, int], ...], share: float, total: int, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        percentile(samples, share, total=total)
    with pytest.raises(ValueError, match=why):
        percentile_bounds(samples, share, total=total)


@pytest.mark.parametrize("share", ["0.5", "0.9", "0.95"])
@pytest.mark.parametrize("total", [1, 4, 5, 20, 58, 59, 93])
def test_percentile_bounds_are_the_tightest_that_keep_their_confidence(total: int, share: str) -> None:
    """Against the definition, in exact arithmetic: ranks 1 to n stand for the order statistics."""
    wanted = Fraction("0.95")
    reached = [binomial_cdf(rank - 1, total, Fraction(share)) for rank in range(1, total + 1)]
    above = [rank for rank, cdf in enumerate(reached, start=1) if cdf >= wanted]
    below = [rank for rank, cdf in enumerate(reached, start=1) if 1 - cdf >= wanted]
    ranks = tuple((float(one), 1) for one in range(1, total + 1))
    bounds = percentile_bounds(ranks, float(share), total=total)
    assert bounds.upper == min(above, default=math.inf)
    assert bounds.lower == max(below, default=0)


def test_an_upper_bound_of_p95_needs_59_requests() -> None:
    assert percentile_bounds(((5.0, 58),), 0.95, total=58).upper == math.inf
    assert percentile_bounds(((5.0, 59),), 0.95, total=59).upper == 5.0


@given(SAMPLES, SHARES)
def test_bounds_enclose_the_estimate(values: list[float], share: float) -> None:
    bounds = percentile_bounds(histogram(values), share, total=len(values))
    assert bounds.lower <= bounds.value <= bounds.upper


def test_the_upper_bound_covers_the_true_percentile_as_often_as_it_says() -> None:
    """Exponential latencies, whose true p95 is -ln 0.05; 2000 samples of 200. Five standard errors of
    tolerance."""
    chance = random.Random(20261121)  # noqa: S311 - a simulation
    true = -math.log(0.05)
    covered = low = 0
    for _ in range(2000):
        values = histogram(chance.expovariate(1) for _ in range(200))
        bounds = percentile_bounds(values, 0.95, total=200)
        covered += bounds.upper >= true * 0.995
        low += bounds.lower <= true * 1.005
    tolerance = 5 * math.sqrt(0.05 * 0.95 / 2000)
    assert covered / 2000 >= 0.95 - tolerance
    assert low / 2000 >= 0.95 - tolerance


@given(st.integers(1, 60), st.data())
def test_exact_share_bounds_leave_the_risk_they_name(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, total))
    bounds = share_bounds(count, total)
    assert bounds.lower <= bounds.value <= bounds.upper
    if count < total:
        assert float(binomial_cdf(count, total, Fraction(bounds.upper))) == pytest.approx(0.05, abs=1e-9)
    if count:
        assert float(1 - binomial_cdf(count - 1, total, Fraction(bounds.lower))) == pytest.approx(0.05, abs=1e-9)


@settings(deadline=None)
@given(st.integers(1, 100_000), st.data())
def test_share_bounds_grow_with_the_count(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, min(total, 500)))
    assume(count < total)
    for bound in (share_bounds, wilson_bounds):
        fewer, more = bound(count, total), bound(count + 1, total)
        assert fewer.lower <= more.lower
        assert fewer.upper <= more.upper
        assert 0 <= fewer.lower <= fewer.value <= fewer.upper <= 1


def test_known_share_bounds() -> None:
    assert share_bounds(0, 300).upper == pytest.approx(1 - 0.05 ** (1 / 300))
    assert share_bounds(300, 300).lower == pytest.approx(0.05 ** (1 / 300))
    # Wilson's score interval for 10 of 100 at z = 1.6449: the roots of (0.1 - p)^2 = z^2 p (1 - p) / 100.
    wilson = wilson_bounds(10, 100)
    for root in (wilson.lower, wilson.upper):
        assert (0.1 - root) ** 2 == pytest.approx(1.6448536**2 * root * (1 - root) / 100, rel=1e-6)


def test_large_samples_stay_quick_and_finite() -> None:
    bounds = percentile_bounds(((100.0, 960_000), (200.0, 40_000)), 0.95, total=1_000_000)
    assert bounds.upper == 100.0
    assert share_bounds(10_000, 1_000_000).upper == pytest.approx(0.010165, abs=1e-5)


@pytest.mark.parametrize(("count", "total"), [(0, 0), (-1, 10), (11, 10)])
def test_a_share_of_nothing_is_refused(count: int, total: int) -> None:
    for bound in (share_bounds, wilson_bounds):
        with pytest.raises(ValueError, match="no share"):
            bound(count, total)


@pytest.mark.parametrize(("share", "samples"), [(0.5, 20), (0.9, 100), (0.95, 200), (0.99, 1000), (0.999, 10_000)])
def test_minimum_samples(share: float, samples: int) -> None:
    assert minimum_samples(share) == samples


class TestAnswerRate:
    """50 requests a second for 6 seconds."""

    due = tuple(k / 50 for k in range(300))

    def test_latency_is_no_loss_of_pace(self) -> None:
        chance = random.Random(20261121)  # noqa: S311 - a simulation
        assert answer_rate([one + 3 for one in self.due], duration_s=6) == pytest.approx(50)
        spread = [one + chance.uniform(0.05, 0.5) for one in self.due]
        assert answer_rate(spread, duration_s=6) == pytest.approx(50, rel=0.02)

    def test_half_the_pace_is_seen(self) -> None:
        assert answer_rate([k / 25 + 0.1 for k in range(300)], duration_s=6) == pytest.approx(25)

    def test_lost_requests_are_no_answers(self) -> None:
        assert answer_rate(self.due[::2], duration_s=6) == pytest.approx(25)

    def test_an_outage_is_no_pace(self) -> None:
        assert answer_rate(self.due[:150], duration_s=6) == pytest.approx(25)

    def test_one_straggler_is_no_loss_of_pace(self) -> None:
        assert answer_rate([*self.due[:-1], 9.0], duration_s=6) == pytest.approx(50)

    def test_catching_up_after_a_freeze_is_not_more_than_was_asked(self) -> None:
        assert answer_rate([max(2.0, one) for one in self.due], duration_s=6) == pytest.approx(50)

    @pytest.mark.parametrize("answers", [[], [0.1], [0.1, 0.1]])
    def test_few_answers_are_few(self, answers: list[float]) -> None:
        assert answer_rate(answers, duration_s=2) == len(answers) / 2


def test_a_few_runs_have_a_percentile_without_their_round_trip() -> None:
    assert net_percentile([30.0, *[10.0] * 19], 0.95, round_trip_ms=4.0) == 6.0
    assert net_percentile([30.0, *[10.0] * 18], 0.95, round_trip_ms=4.0) == 26.0
    assert net_percentile([1.0], 1, round_trip_ms=4.0) == 0.0
    with pytest.raises(ValueError, match="no run"):
        net_percentile([], 0.95, round_trip_ms=4.0)
    with pytest.raises(ValueError, match="share"):
        net_percentile([1.0], 0, round_trip_ms=4.0)
