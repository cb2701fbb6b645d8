"""How long work takes this thread, told so that a machine that is slow for a moment accuses nobody."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 4


def seconds(work: Callable[[], object], limit_s: float) -> float:
    """Processor seconds of this thread in the quickest of a few runs, or in the first within the limit.

    What takes quadratic time takes it each time; a machine that is short of memory or shares its processors does not.
    """
    quickest = float("inf")
    for _ in range(TRIES):
        begun = time.thread_time()
        work()
        quickest = min(quickest, time.thread_time() - begun)
        if quickest < limit_s:
            break
    return quickest
