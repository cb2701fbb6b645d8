"""The fixed arrival schedule of a load profile: which target is due when, known before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence


def schedule(weights: Sequence[int], arrivals: int) -> tuple[int, ...]:
    """Index of the target that is due at each of `arrivals` places; place k is due k / rate after the start.

    Targets are interleaved, not bunched: weights 3, 2, 1 give 0 1 0 2 1 0, again and again. Each is due in
    exact proportion to its weight in every whole cycle. (Smooth weighted round robin: each target gains its
    weight, the one that has most is due and pays the sum of all weights.)

    Raises ValueError when there is no target or a weight is below 1.
    """
    if not weights or min(weights) < 1:
        raise ValueError(f"weights {list(weights)}: at least one is needed, each at least 1")
    whole = sum(weights)
    credit = [0] * len(weights)
    places: list[int] = []
    for _ in range(arrivals):
        for index, weight in enumerate(weights):
            credit[index] += weight
        due = max(range(len(weights)), key=credit.__getitem__)
        credit[due] -= whole
        places.append(due)
    return tuple(places)
