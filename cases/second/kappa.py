"""Agreement of two people beyond chance. PURE.

Cohen, A coefficient of agreement for nominal scales, 1960; its standard error for large samples: Fleiss, Cohen and
Everitt, Large sample standard errors of kappa and weighted kappa, Psychological Bulletin 72 (1969), equation 13.
"""

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

LEAST_PAIRS = 50  # below, nothing is said (ux.md, Dashboard)
NORMAL = 1.959964  # standard errors to either side of the middle 95 %

Pairs = Mapping[tuple[str, str], int]  # (first code, second code) -> how many


class Kappa(NamedTuple):
    """The coefficient, and the ends of its 95 % interval; 1: always the same, 0: as by chance."""

    value: float
    low: float
    high: float


def of(pairs: Pairs) -> Kappa | None:
    """Kappa of all codes; None where both people gave one and the same code only, so that chance explains all."""
    total = sum(pairs.values())
    share = {pair: number / total for pair, number in pairs.items() if number}
    codes = {code for pair in share for code in pair}
    first = {code: sum(part for (one, _other), part in share.items() if one == code) for code in codes}
    second = {code: sum(part for (_one, other), part in share.items() if other == code) for code in codes}
    agreed = sum(share.get((code, code), 0.0) for code in codes)
    chance = sum(first[code] * second[code] for code in codes)
    if not total or chance >= 1:
        return None
    value = (agreed - chance) / (1 - chance)
    same = sum(
        share.get((code, code), 0.0) * ((1 - chance) - (first[code] + second[code]) * (1 - agreed)) ** 2
        for code in codes
    )
    other = sum(part * (second[one] + first[two]) ** 2 for (one, two), part in share.items() if one != two)
    spread = same + (1 - agreed) ** 2 * other - (agreed * chance - 2 * chance + agreed) ** 2
    error = sqrt(max(spread, 0.0) / total) / (1 - chance) ** 2
    return Kappa(value, max(-1.0, value - NORMAL * error), min(1.0, value + NORMAL * error))


def against_rest(pairs: Pairs, code: str) -> dict[tuple[str, str], int]:
    """The same pairs with every other code as one, ''."""
    folded: dict[tuple[str, str], int] = {}
    for pair, number in pairs.items():
        one, two = (each if each == code else "" for each in pair)
        folded[one, two] = folded.get((one, two), 0) + number
    return folded


def with_code(pairs: Pairs, code: str) -> int:
    """In how many pairs at least one of the two gave the code."""
    return sum(number for pair, number in pairs.items() if code in pair)
