"""How long an ingest takes still: within a quarter once a fifth of the work is done, whatever the order of files."""

import random
from collections.abc import Callable

import pytest

from cases.ingest import pace

PICTURES = [int(random.Random(3).lognormvariate(14, 1)) for _ in range(20_000)]
FILMS = [int(random.Random(4).lognormvariate(18, 0.7)) for _ in range(300)]
Cost = Callable[[int, int], float]  # of the file at a place, of so many bytes


def usual(_place: int, size: int) -> float:
    return 0.01 + size / 200e6


def slower_later(place: int, size: int) -> float:
    return usual(place, size) * (1 if place < 2000 else 2)


def half_known(place: int, size: int) -> float:
    return size / 200e6 + (0.012 if place % 2 else 0.002)


def worst_error(files: list[int], cost: Cost) -> float:
    """The largest error of the time left between a fifth and the end, as a share of the truth."""
    chance = random.Random(1)
    times = [cost(place, size) * chance.uniform(0.7, 1.3) for place, size in enumerate(files)]
    total, now, last, read, worst = sum(times), 0.0, 0.0, 0, 0.0
    samples = pace.after([], 0, 0, 0)
    for done, (size, seconds) in enumerate(zip(files, times, strict=True), 1):
        now, read = now + seconds, read + size
        if now - last >= pace.EVERY:
            samples, last = pace.after(samples, now - last, done, read), now
            left = pace.seconds_left(samples, len(files) - done, sum(files) - read)
            if left is not None and 0.2 <= now / total <= 0.95:
                worst = max(worst, abs(left / (total - now) - 1))
    return worst


@pytest.mark.parametrize(
    ("files", "cost"),
    [
        (PICTURES, usual),
        ([2_000_000] * 20_000, usual),
        ([3000] * 20_000, usual),
        # small files first, or large ones
        (sorted(PICTURES), usual),
        (sorted(PICTURES, reverse=True), usual),
        # a folder of films behind the pictures, or before them
        (PICTURES + FILMS, usual),
        (FILMS + PICTURES, usual),
        # the disk gets slower; half the files are known and not decoded
        (PICTURES, slower_later),
        (PICTURES, half_known),
    ],
)
def test_of_the_time_left_a_quarter_is_the_most_it_is_wrong_by(files: list[int], cost: Cost) -> None:
    assert worst_error(files, cost) <= 0.25


def test_time_in_which_nobody_worked_does_not_count() -> None:
    samples = pace.after(pace.after([], 0, 0, 0), 10, 100, 10**8)
    samples = pace.after(samples, 8 * 3600, 100, 10**8)
    samples = pace.after(samples, 10, 200, 2 * 10**8)
    assert samples[-1].seconds == 20
    assert pace.seconds_left(samples, 100, 10**8) == pytest.approx(10)
    assert pace.rate(samples) == pace.Rate(10, 10**7)


def test_samples_stay_few_however_long_it_takes() -> None:
    samples: list[pace.Sample] = []
    for number in range(5000):
        samples = pace.after(samples, 5, number, number)
    assert len(samples) <= pace.KEPT
    assert samples[-1] == pace.Sample(24_995, 4999, 4999)


def test_before_anything_is_done_nothing_is_told() -> None:
    assert pace.seconds_left([], 10, 10) is None
    assert pace.rate(pace.after([], 0, 0, 0)) is None
    assert pace.seconds_left(pace.after(pace.after([], 0, 0, 0), 5, 0, 0), 10, 10) is None
