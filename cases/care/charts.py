"""The two drawings of a viewing record, as numbers for SVG: the line of a day, and thirty days. PURE.

Places along the line are per cent of its width, heights are pixels: so the text keeps its size in any panel.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from workbench.words import gettext as _

HOUR, MINUTE = 3_600_000, 60_000  # milliseconds
FIRST, LAST = 8, 18  # hours that a day's line shows at least
TALL = 150  # pixels that the highest line of thirty days lies above the lowest
AXIS = 5  # per cent at the left, for the names of the lines
FILLED = 0.62  # of a day's place is its bar


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day from its first to its last hour shown; every number is text, for no locale may change it."""

    screen: list[dict[str, str]]  # x and width of each stretch on screen
    unveiled: list[dict[str, str]]
    now: str
    hours: list[dict[str, str]]
    rows: list[dict[str, Any]]  # by hour: hour, screen and unveiled in milliseconds


def day_line(minutes: Sequence[tuple[int, int, int]], now: int) -> DayLine:
    """`minutes`: (minute of the day, ms on screen, ms unveiled), in order. `now`: the minute of the day it is."""
    hours = {at // 60 for at, *_ in minutes} | {now // 60}
    first, last = min(FIRST, *hours), max(LAST, *(hour + 1 for hour in hours))
    scale = 100 / ((last - first) * 60)

    def spot(at: int) -> str:
        return f"{(at - first * 60) * scale:.2f}%"

    def bars(found: Iterable[int]) -> list[dict[str, str]]:
        return [{"x": spot(start), "width": f"{(end - start) * scale:.2f}%"} for start, end in stretches(found)]

    return DayLine(
        bars(at for at, ms, _ in minutes if ms),
        bars(at for at, _, ms in minutes if ms),
        spot(now),
        [{"x": spot(hour * 60), "text": f"{hour:02}"} for hour in range(first, last, 2 if last - first <= 12 else 4)],
        by_hour(minutes),
    )


def stretches(found: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of minutes without a hole, each as its first minute and the one behind its last."""
    runs: list[tuple[int, int]] = []
    for at in found:
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def by_hour(minutes: Sequence[tuple[int, int, int]]) -> list[dict[str, Any]]:
    """The sums of each hour in which there was anything."""
    found = []
    for hour, group in groupby(minutes, key=lambda one: one[0] // 60):
        rows = list(group)
        found.append(
            {"hour": f"{hour:02}:00", "ms": sum(row[1] for row in rows), "revealed": sum(row[2] for row in rows)}
        )
    return found


@dataclass(frozen=True, slots=True)
class DayBars:
    """Thirty days as bars; every number is text."""

    bars: list[dict[str, str]]  # x and width; y and height of the time on screen, and of that unveiled
    lines: list[dict[str, str]]  # y and text of each whole hour
    limit: str  # y


def day_bars(days: Sequence[tuple[str, int, int]], limit_minutes: int) -> DayBars:
    """`days`: (label, ms on screen, ms unveiled), in order."""
    hours = -(-max(limit_minutes * MINUTE, *(ms for _, ms, _ in days)) // HOUR)  # rounded up
    pitch = (100 - AXIS) / len(days)

    def tall(ms: int) -> float:
        return TALL * ms / (hours * HOUR)

    def bar(place: int, label: str, ms: int, shown: int) -> dict[str, str]:
        dark = min(shown, ms)
        return {
            "x": f"{AXIS + (place + (1 - FILLED) / 2) * pitch:.2f}%", "width": f"{pitch * FILLED:.2f}%",
            "middle": f"{AXIS + (place + 0.5) * pitch:.2f}%",
            "text": label if (len(days) - 1 - place) % 7 == 0 else "",
            "y": f"{TALL - tall(ms):.1f}", "height": f"{tall(ms):.1f}",
            "dark_y": f"{TALL - tall(dark):.1f}", "dark_height": f"{tall(dark):.1f}",
        }  # fmt: skip

    return DayBars(
        [bar(place, *day) for place, day in enumerate(days)],
        [{"y": f"{TALL - tall(hour * HOUR):.1f}", "text": _("%(n)s h") % {"n": hour}} for hour in range(hours + 1)],
        f"{TALL - tall(limit_minutes * MINUTE):.1f}",
    )
