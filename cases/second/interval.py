"""How sure a share is that was seen in a sample. PURE.

Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American Statistical
Association 22 (1927).
"""

from math import sqrt
from typing import NamedTuple

from cases.second.kappa import NORMAL


class Share(NamedTuple):
    """A share of all, and the ends of its 95 % interval; each from 0 to 1."""

    value: float
    low: float
    high: float


def wilson(same: int, number: int) -> Share:
    """The share of `same` in `number`, which is at least 1."""
    square, share = NORMAL**2, same / number
    middle = (share + square / (2 * number)) / (1 + square / number)
    half = NORMAL / (1 + square / number) * sqrt(share * (1 - share) / number + square / (4 * number**2))
    return Share(share, max(0.0, middle - half), min(1.0, middle + half))
