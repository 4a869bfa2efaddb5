"""When what is left may be done: drawn from the days that were, as a range. PURE.

A bootstrap: each of many futures repeats whole days of the past, drawn with replacement, until it has done what is left
(Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 7, 1979). It supposes that days to come
are like those, and that nothing new comes in.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LEAST_DAYS = 5  # days on which something was done; below, nothing is said
FUTURES = 1000
FURTHEST = 365  # days; beyond, no date is said
SEED = 20261129  # any number: the same days give the same answer


class Range(NamedTuple):
    """In how many days, tomorrow being 1: 80 % of futures lie from `early` to `late`.

    None: later than FURTHEST.
    """

    early: int | None
    middle: int | None
    late: int | None


def days_needed(done: Sequence[int], left: int) -> Range | None:
    """How long `left` takes at days like those `done`, in looks a day; None where they are too few to say.

    Days without a look count: weekends come again.
    """
    if sum(n > 0 for n in done) < LEAST_DAYS:
        return None
    if left <= 0:
        return Range(0, 0, 0)
    drawn = np.random.default_rng(SEED).choice(np.asarray(done, dtype=np.int64), (FUTURES, FURTHEST))
    sums = drawn.cumsum(axis=1)
    needed = np.where(sums[:, -1] >= left, (sums < left).sum(axis=1) + 1, FURTHEST + 1)
    early, middle, late = (int(n) for n in np.percentile(needed, (10, 50, 90), method="nearest"))
    return Range(_within(early), _within(middle), _within(late))


def _within(days: int) -> int | None:
    return days if days <= FURTHEST else None
