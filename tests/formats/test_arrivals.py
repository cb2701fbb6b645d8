"""The arrival schedule is exact: what is planned is what is sent."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.formats.arrivals import schedule

WEIGHTS = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def test_heavier_targets_are_interleaved_not_bunched() -> None:
    assert schedule([3, 2, 1], 6) == (0, 1, 0, 2, 1, 0)


@given(WEIGHTS, st.integers(0, 200))
def test_every_beginning_is_in_proportion(weights: list[int], arrivals: int) -> None:
    """However early a run ends, no target is far from its share."""
    due = schedule(weights, arrivals)
    assert len(due) == arrivals
    for end in range(arrivals + 1):
        seen = Counter(due[:end])
        for index, weight in enumerate(weights):
            assert abs(seen[index] - end * weight / sum(weights)) < len(weights)


@given(WEIGHTS, st.integers(1, 20))
def test_whole_cycles_are_exact(weights: list[int], cycles: int) -> None:
    seen = Counter(schedule(weights, cycles * sum(weights)))
    assert [seen[index] for index in range(len(weights))] == [weight * cycles for weight in weights]


@pytest.mark.parametrize("weights", [[], [0], [2, 0], [-1]])
def test_a_weight_below_one_is_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        schedule(weights, 1)
