"""How fast an import goes and how long it still takes."""

import pytest

from hashsets.pace import Pace


@pytest.mark.parametrize(
    ("seconds", "done", "words"),
    [
        # too early to say
        (1, 50, ""),
        # nothing was done yet
        (10, 0, ""),
        (10, 100, "10 B/s, 2 min left"),
        (10, 1000, "100 B/s, 1 s left"),
        (10, 10, "1 B/s, 17 min left"),
        (100, 10, "0.1 B/s, 2.8 h left"),
    ],
)
def test_rate_and_time_left(seconds: float, done: int, words: str) -> None:
    times = iter([0.0, seconds])
    pace = Pace(lambda: next(times))
    assert not pace.words("Reading", 0, 1030, unit="B")
    assert pace.words("Reading", done, 1030, unit="B") == words


def test_a_new_step_has_a_pace_of_its_own() -> None:
    times = iter([0.0, 10.0, 11.0, 14.0])
    pace = Pace(lambda: next(times))
    pace.words("Reading", 0, 100, unit="B")
    assert pace.words("Reading", 50, 100, unit="B") == "5 B/s, 10 s left"
    assert not pace.words("Storing", 0, 6_000_000, unit="entries")
    assert pace.words("Storing", 3_000_000, 6_000_000, unit=" entries") == "1 M entries/s, 3 s left"
