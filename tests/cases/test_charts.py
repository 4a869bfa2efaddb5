"""The drawings of days: whatever the numbers, every place lies in the drawing and means what it should."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cases import charts
from cases.charts import TALL, Ahead

NUMBERS = st.integers(min_value=-5, max_value=10**12)
PARTS = ("100", "60", "30")


def places(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?[0-9.]+", text)]


@given(st.integers(min_value=0, max_value=10**15))
def test_a_scale_reaches_its_highest_number_with_few_lines(most: int) -> None:
    ticks, top = charts.ticks(most)
    assert top >= max(1, most)
    assert 2 <= len(ticks) <= charts.LINES + 1
    assert (ticks[0].y, ticks[-1].y) == (f"{TALL:.1f}", "0.0")


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=100))
def test_bars_stand_on_each_other_from_the_ground_and_none_leaves_the_drawing(days: list[tuple[int, int, int]]) -> None:
    drawn = charts.bars([(str(place), parts) for place, parts in enumerate(days)], PARTS)
    assert len(drawn.bars) == len(days)
    assert sum(bool(bar.text) for bar in drawn.bars) <= charts.NAMES
    for bar in drawn.bars:
        assert 0 <= places(bar.x)[0] + places(bar.width)[0] <= 100
        ground = float(TALL)
        for part in bar.parts:
            ground -= float(part["height"])
            assert float(part["y"]) == pytest.approx(ground, abs=0.2)
        assert ground >= -0.2


AHEAD = st.none() | st.lists(st.none() | st.integers(0, 365), min_size=3, max_size=3).map(
    lambda ends: Ahead(*sorted(ends, key=lambda n: n if n is not None else 999))
)


@settings(max_examples=200)
@example([], None, (-1, "due 1 Dec"))  # a case of today that was due yesterday
@given(st.lists(NUMBERS, max_size=70), AHEAD, st.none() | st.tuples(st.integers(-400, 4000), st.just("due 1 Dec")))
def test_a_line_and_what_may_follow_stay_in_the_drawing(
    levels: list[int], ahead: Ahead | None, due: tuple[int, str] | None
) -> None:
    line = charts.line(levels, first="1 Nov", now="today", ahead=ahead, due=due, last="9 Dec")
    for path in (line.path, line.area, line.fan, line.middle):
        assert all(-0.01 <= place <= 100.01 for place in places(path)), path
    for spot in (line.now["x"], *(mark["x"] for mark in line.marks), *(name["x"] for name in line.names)):
        assert charts.AXIS <= places(spot)[0] <= 100.01
    assert bool(line.fan) == (ahead is not None)


def test_one_day_and_nothing_left_are_drawn_too() -> None:
    line = charts.line([0], first="1 Nov", now="today")
    assert (line.path, line.now["y"], [tick.text for tick in line.ticks]) == ("M0.00 100.00", f"{TALL:.1f}", ["0", "1"])


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (1500, "1.5k"), (48_000, "48k"), (10**7, "10M")])
def test_numbers_of_a_scale_are_short(number: int, text: str) -> None:
    assert charts.short(number) == text
