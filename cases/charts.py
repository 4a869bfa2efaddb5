"""Drawings of days as numbers for SVG: bars in parts, and a line that falls with what may follow. PURE.

Places across are per cent of the width, heights are pixels: so text keeps its size in any panel. Every place is text,
for no locale may change it; what is read beside a line follows the language. Time goes from left to right in any.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

from workbench.words import digits, gettext, noop

TALL = 120  # pixels from the lowest line to the highest
AXIS = 11  # per cent at the left, for the numbers
WIDE = 100 - AXIS
FILLED = 0.66  # of a day's place is its bar
LINES = 4  # at most, above the lowest
NAMES = 8  # labels of days, at most
SIZES = ((10**9, noop("%(n)sG")), (10**6, noop("%(n)sM")), (10**3, noop("%(n)sk")))  # thousand millions, and so on

Spot = Callable[[float, float], str]  # a place in the box, of a day and a number


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale: how far down it lies, and its number in short."""

    y: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its parts from below, each with its kind, place and height; and its name, if there is room."""

    x: str
    width: str
    middle: str
    parts: list[dict[str, str]]
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each day, in parts."""

    ticks: list[Tick]
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Line:
    """A line from left to right. `path`, `area`, `fan`, `middle`: in a box of 100 by 100."""

    ticks: list[Tick]
    path: str
    area: str
    now: dict[str, str]  # x and y of its end
    fan: str = ""  # between the early and the late end
    middle: str = ""
    marks: list[dict[str, str]] = field(default_factory=list)  # upright lines: x, kind, text
    names: list[dict[str, str]] = field(default_factory=list)  # below: x, text, anchor


@dataclass(frozen=True, slots=True)
class Ahead:
    """What may follow: after how many days nothing is left, early, in the middle, late. None: not within sight."""

    early: int | None
    middle: int | None
    late: int | None


def step_of(most: int, lines: int = LINES) -> int:
    """The smallest of 1, 2, 5, 10, 20 ... of which at most `lines` reach `most`."""
    wanted = max(1, -(-most // lines))
    power = 10 ** floor(log10(wanted))
    found: int = next(power * times for times in (1, 2, 5, 10) if power * times >= wanted)
    return found


def short(number: int) -> str:
    """`950`, `12k`, `1.5M`: as it stands beside a line."""
    for size, text in SIZES:
        if number >= size:
            tenths = round(10 * number / size)
            return gettext(text) % {"n": digits(tenths / 10, int(tenths % 10 > 0))}
    return digits(number)


def ticks(most: int) -> tuple[list[Tick], int]:
    """The lines of a scale from 0, and the number of the highest."""
    step = step_of(most)
    top = step * max(1, ceil(most / step))
    return [Tick(_high(n, top), short(n)) for n in range(0, top + 1, step)], top


def bars(days: Sequence[tuple[str, Sequence[int]]], kinds: Sequence[str]) -> Bars:
    """`days`: (name, what each part has), in order; parts below 0 are drawn as nothing. `kinds`: a word for each."""
    lines, top = ticks(max((sum(max(0, n) for n in parts) for _name, parts in days), default=0))
    pitch = WIDE / max(1, len(days))
    every = max(1, -(-len(days) // NAMES))
    return Bars(lines, [
        Bar(
            _across(AXIS + (place + (1 - FILLED) / 2) * pitch),
            _across(pitch * FILLED),
            _across(AXIS + (place + 0.5) * pitch),
            _parts(parts, kinds, top),
            name if (len(days) - 1 - place) % every == 0 else "",
        )
        for place, (name, parts) in enumerate(days)
    ])  # fmt: skip


def _parts(parts: Sequence[int], kinds: Sequence[str], top: int) -> list[dict[str, str]]:
    found, below = [], 0
    for kind, n in zip(kinds, parts, strict=True):
        if n > 0:
            below += n
            found.append({"kind": kind, "y": _high(below, top), "height": f"{TALL * n / top:.1f}"})
    return found


def line(
    levels: Sequence[int], *, first: str, now: str, ahead: Ahead | None = None, due: tuple[int, str] | None = None,
    last: str = "",
) -> Line:  # fmt: skip
    """`levels`: what was left at the end of each day, the last one as it is now. `due`: (days from now, name).

    `first`, `now`, `last`: the names below the line's ends and that of what may follow.
    """
    values = [max(0, n) for n in levels] or [0]
    lines, top = ticks(max(values))
    behind = max(1, len(values) - 1)
    before = _days_before(ahead, due, behind)
    whole = behind + before
    begun = len(values) > 1

    def spot(day: float, n: float) -> str:
        return f"{100 * day / whole:.2f} {100 - 100 * n / top:.2f}"

    at = behind if begun else 0
    points = " L".join(spot(day, n) for day, n in enumerate(values))
    end = {"x": _across(AXIS + WIDE * at / whole), "y": _high(values[-1], top)}
    fan, middle = _fan(spot, at, values[-1], ahead, before) if ahead else ("", "")
    names = [{"x": _across(AXIS), "text": first, "anchor": "start"}] if begun and at / whole > 0.3 else []
    names.append({"x": end["x"], "text": now, "anchor": "middle" if 0.12 < at / whole < 0.9 else _edge(at / whole)})
    if last and before / whole > 0.25:
        names.append({"x": "100%", "text": last, "anchor": "end"})
    marks = []
    if due is not None and -at <= due[0] <= before:
        x = (at + due[0]) / whole
        marks.append({"x": _across(AXIS + WIDE * x), "text": due[1], "anchor": "end" if x > 0.5 else "start",
                      "dx": "-4" if x > 0.5 else "4"})  # fmt: skip
    return Line(
        lines,
        f"M{points}",
        f"M{spot(0, 0)} L{points} L{spot(at, 0)}Z",
        end,
        fan,
        middle,
        marks,
        names,
    )


def _edge(share: float) -> str:
    return "start" if share <= 0.5 else "end"


def _days_before(ahead: Ahead | None, due: tuple[int, str] | None, behind: int) -> int:
    """How many days to come are shown: to the late end and the due day, at most three times what lies behind, or 14."""
    wanted = [0]
    if ahead:
        wanted += [n for n in (ahead.early, ahead.middle, ahead.late) if n is not None]
        if ahead.late is None:
            wanted.append(3 * behind)
    if due:
        wanted.append(due[0])
    return max(0, min(max(wanted) + 1 if max(wanted) > 0 else 0, max(14, 3 * behind)))


def _fan(spot: Spot, at: int, left: int, ahead: Ahead, before: int) -> tuple[str, str]:
    """Straight from now to nothing left, cut where the drawing ends."""
    start = spot(at, left)

    def end(days: int | None) -> str:
        if days is None:
            return spot(at + before, left)
        if days <= before:
            return spot(at + days, 0)
        return spot(at + before, left * (1 - before / days))

    reaches = ahead.late is not None and ahead.late <= before
    corner = "" if reaches or ahead.early is None or ahead.early > before else f" L{spot(at + before, 0)}"
    return f"M{start} L{end(ahead.early)}{corner} L{end(ahead.late)}Z", f"M{start} L{end(ahead.middle)}"


def _high(n: int, top: int) -> str:
    return f"{TALL - TALL * n / top:.1f}"


def _across(percent: float) -> str:
    return f"{percent:.2f}%"
