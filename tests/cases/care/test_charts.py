"""The drawings of a viewing record: where bars stand, and what their tables say."""

import pytest

from cases.care import charts

MINUTE, HOUR = charts.MINUTE, charts.HOUR


@pytest.mark.parametrize(
    ("found", "runs"),
    [([], []), ([5], [(5, 6)]), ([5, 6, 7, 9], [(5, 8), (9, 10)])],
)
def test_minutes_without_a_hole_are_one_bar(found: list[int], runs: list[tuple[int, int]]) -> None:
    assert charts.stretches(found) == runs


def test_a_day_line_reaches_from_eight_to_eighteen_and_further_where_somebody_worked() -> None:
    line = charts.day_line([(9 * 60, MINUTE, 400), (9 * 60 + 1, MINUTE, 0)], now=13 * 60)
    assert line.screen == [{"x": "10.00%", "width": "0.33%"}]
    assert line.unveiled == [{"x": "10.00%", "width": "0.17%"}]
    assert line.now == "50.00%"
    assert line.rows == [{"hour": "09:00", "ms": 2 * MINUTE, "revealed": 400}]
    early = charts.day_line([(6 * 60, MINUTE, 0)], now=23 * 60 + 59)
    assert [hour["text"] for hour in early.hours] == ["06", "10", "14", "18", "22"]
    assert early.screen[0]["x"] == "0.00%"


def test_bars_of_days_stand_on_one_line_and_the_dark_part_is_never_higher_than_the_light_one() -> None:
    drawn = charts.day_bars([("1", 0, 0), ("2", 2 * HOUR, HOUR), ("3", 4 * HOUR, 9 * HOUR)], limit_minutes=240)
    ends = [
        (float(bar["y"]) + float(bar["height"]), float(bar["dark_y"]) + float(bar["dark_height"])) for bar in drawn.bars
    ]
    assert ends == [(charts.TALL, charts.TALL)] * 3
    assert [bar["height"] for bar in drawn.bars] == ["0.0", "75.0", "150.0"]
    assert [bar["dark_height"] for bar in drawn.bars] == ["0.0", "37.5", "150.0"]
    assert (drawn.limit, drawn.lines[0]) == ("0.0", {"y": "150.0", "text": "0 h"})
