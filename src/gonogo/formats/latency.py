"""Latency histograms, and what a sample tells: percentiles, shares and their confidence bounds.

A percentile of a few hundred requests is an estimate. A verdict compares a bound, not the estimate, with a
limit: `upper <= limit` is a pass, `lower > limit` a failure, and anything between cannot be decided from this
sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from statistics import NormalDist

Histogram = Sequence[tuple[float, int]]
"""(milliseconds, count), ascending by milliseconds."""

CONFIDENCE = 0.95
"""Confidence of each bound on its own (one-sided)."""
TAIL_SAMPLES = 10
"""Samples that should lie beyond a percentile before it is worth naming: 200 for p95, 1000 for p99."""
ROUNDING = 1e-9
"""What floating point may add to a rank or a probability: 10 / (1 - 0.95) is a hair above 200."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """An estimate with its one-sided confidence bounds; `upper` is `inf` where the sample is too small."""

    value: float
    lower: float
    upper: float


def bucket(milliseconds: float) -> float:
    """Round to three significant digits: at most 0.5 % away, and at most 900 buckets a decade.

    Locust's own buckets have two digits and are up to 5 % away, mostly in the target's favour.
    """
    return float(f"{milliseconds:.3g}")


def histogram(milliseconds: Iterable[float]) -> tuple[tuple[float, int], ...]:
    """The histogram of single latencies, in three-digit buckets."""
    counts: dict[float, int] = {}
    for one in milliseconds:
        key = bucket(one)
        counts[key] = counts.get(key, 0) + 1
    return tuple(sorted(counts.items()))


def net_percentile(samples_ms: Sequence[float], share: float, *, round_trip_ms: float) -> float:
    """The nearest-rank percentile of a few single runs, less the round trip that each of them holds; never below 0.

    Raises ValueError when there was no run, and when share is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share {share}: must be above 0 and at most 1")
    if not samples_ms:
        raise ValueError("no run was measured")
    return max(sorted(samples_ms)[_nearest_rank(len(samples_ms), share) - 1] - round_trip_ms, 0.0)


def percentile(samples: Histogram, share: float, *, total: int) -> float:
    """The nearest-rank percentile: the least milliseconds within which `share` of `total` requests were.

    `total` counts every request, answered or not. One that was not answered is in no bucket and ranks above
    all that are, so lost requests can never make a percentile better; the result is `inf` when the rank falls
    among them.

    Raises ValueError when there was no request, when the histogram holds more than `total`, and when share is
    not above 0 and at most 1.
    """
    _check(samples, share, total)
    return _ranked(samples, _nearest_rank(total, share))


def percentile_bounds(samples: Histogram, share: float, *, total: int, confidence: float = CONFIDENCE) -> Bounds:
    """The percentile with distribution-free bounds from order statistics; `total` as for `percentile`.

    The number of requests below the true percentile is binomial(total, share), so a rank exists that lies
    above it with the wanted confidence, and one that lies below. In a small sample there may be none: the
    upper bound of p95 needs 59 requests, the lower bound 1; they are `inf` and 0 then. Source: H. A. David,
    H. N. Nagaraja, Order Statistics, 3rd edition, section 7.1.

    Raises ValueError as `percentile` does, and when share is 1, which no sample bounds.
    """
    _check(samples, share, total)
    if share == 1:
        raise ValueError("the maximum has no upper bound; share must be below 1")
    above = _binomial_quantile(total, share, confidence) + 1
    below = total - _binomial_quantile(total, 1 - share, confidence)
    return Bounds(
        value=_ranked(samples, _nearest_rank(total, share)),
        lower=_ranked(samples, below) if below >= 1 else 0.0,
        upper=_ranked(samples, above) if above <= total else math.inf,
    )


def share_bounds(count: int, total: int, *, confidence: float = CONFIDENCE) -> Bounds:
    """A share with exact bounds, right even when nothing was seen (Clopper, Pearson, Biometrika 26, 1934).

    Raises ValueError unless 0 <= count <= total and total >= 1.
    """
    _check_share(count, total)
    return Bounds(
        count / total,
        lower=_share_where(count - 1, total, confidence) if count else 0.0,
        upper=_share_where(count, total, 1 - confidence) if count < total else 1.0,
    )


def wilson_bounds(count: int, total: int, *, confidence: float = CONFIDENCE) -> Bounds:
    """A share with approximate bounds, closer than exact ones: enough for a watch (Wilson, JASA 22, 1927).

    Raises ValueError unless 0 <= count <= total and total >= 1.
    """
    _check_share(count, total)
    z = NormalDist().inv_cdf(confidence)
    share = count / total
    scale = 1 + z * z / total
    middle = (share + z * z / (2 * total)) / scale
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / scale
    # The bounds at the ends are exactly 0 and 1; floating point would leave a remainder.
    return Bounds(
        share,
        lower=0.0 if count == 0 else min(share, max(0.0, middle - spread)),
        upper=1.0 if count == total else max(share, min(1.0, middle + spread)),
    )


def minimum_samples(share: float) -> int:
    """How many requests a percentile needs before it is worth a verdict.

    Raises ValueError when share is not in (0, 1).
    """
    if not 0 < share < 1:
        raise ValueError(f"share {share}: must be between 0 and 1")
    return math.ceil(TAIL_SAMPLES / (1 - share) - ROUNDING)


def answer_rate(answered_s: Sequence[float], *, duration_s: float) -> float:
    """Answers per second that a target kept up while requests came steadily, from the answers' instants.

    It is the lower of two rates: all answers over the schedule's duration, which lost requests lower; and the
    pace between the 5th and the 95th hundredth of the answers, which a growing queue lowers. Latency that
    does not grow moves both ends alike, so it lowers neither; nor do a few stragglers.
    """
    ordered = sorted(answered_s)
    overall = len(ordered) / duration_s
    first, last = math.floor(0.05 * (len(ordered) - 1)), math.ceil(0.95 * (len(ordered) - 1))
    if not ordered or ordered[last] == ordered[first]:
        return overall
    return min(overall, (last - first) / (ordered[last] - ordered[first]))


def _check(samples: Histogram, share: float, total: int) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"share {share}: must be above 0 and at most 1")
    if total < 1:
        raise ValueError("no request was made: there is no percentile")
    if (held := sum(count for _, count in samples)) > total:
        raise ValueError(f"the histogram holds {held} answers, more than the {total} requests")


def _check_share(count: int, total: int) -> None:
    if total < 1 or not 0 <= count <= total:
        raise ValueError(f"{count} of {total} is no share")


def _nearest_rank(total: int, share: float) -> int:
    return max(1, math.ceil(total * share - ROUNDING))


def _ranked(samples: Histogram, rank: int) -> float:
    seen = 0
    for milliseconds, count in samples:
        seen += count
        if seen >= rank:
            return milliseconds
    return math.inf


def _terms(total: int, share: float) -> Iterator[tuple[int, float]]:
    """(k, P(X = k)) of binomial(total, share), ascending, where the probability is not negligible."""
    if share <= 0 or share >= 1:
        yield (0 if share <= 0 else total), 1.0
        return
    # Beyond 10 standard deviations (and 50, where they are tiny) lies less than 1e-20 of the mass.
    reach = 10 * math.sqrt(total * share * (1 - share)) + 50
    first = max(0, math.floor(total * share - reach))
    last = min(total, math.ceil(total * share + reach))
    term = math.exp(
        math.lgamma(total + 1)
        - math.lgamma(first + 1)
        - math.lgamma(total - first + 1)
        + first * math.log(share)
        + (total - first) * math.log1p(-share)
    )
    odds = share / (1 - share)
    for k in range(first, last + 1):
        yield k, term
        term *= (total - k) / (k + 1) * odds


def _binomial_cdf(count: int, total: int, share: float) -> float:
    return min(1.0, math.fsum(term for _, term in takewhile(lambda one: one[0] <= count, _terms(total, share))))


def _binomial_quantile(total: int, share: float, probability: float) -> int:
    """The smallest k with P(X <= k) >= probability."""
    reached = 0.0
    for k, term in _terms(total, share):
        reached += term
        if reached >= probability - ROUNDING:
            return k
    return total


def _share_where(count: int, total: int, probability: float) -> float:
    """The share at which P(X <= count) = probability; that probability falls as the share grows."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _binomial_cdf(count, total, middle) > probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2
