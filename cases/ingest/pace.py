"""PURE: how fast an ingest goes and how long the rest takes, from a few samples of its counters.

A file costs something for itself and something for its bytes; which of the two weighs more is learnt from the
samples, late ones first. Where they do not tell (all files alike), the costs of an ordinary machine decide.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

KEPT = 32  # samples; of older ones every second is let go
EVERY = 5.0  # seconds between samples
IDLE = 60.0  # seconds; so long without a sample, nobody was working
RECENT = 30.0  # seconds over which files and bytes a second are told
FILE, BYTE = 0.012, 1 / 150e6  # seconds that a file and a byte cost, in what proportion they are to be thought of
TRUST = 0.2  # how much that proportion weighs against what the samples tell


@dataclass(frozen=True, slots=True)
class Sample:
    """After so many seconds of work, how many files had their outcome and how many bytes were read."""

    seconds: float
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Files and bytes a second."""

    files: float
    bytes: float


def after(samples: Sequence[Sample], passed: float, files: int, size: int) -> list[Sample]:
    """The samples with one more, `passed` seconds after the last; time in which nobody worked does not count."""
    worked = passed if samples and passed <= IDLE else 0.0
    seconds = samples[-1].seconds + worked if samples else 0.0
    kept = [*samples, Sample(round(seconds, 1), files, size)]
    half = len(kept) // 2
    return kept if len(kept) <= KEPT else kept[:half:2] + kept[half:]


def rate(samples: Sequence[Sample]) -> Rate | None:
    """How fast it went lately; None before two samples."""
    if len(samples) < 2:
        return None
    last = samples[-1]
    first = next((one for one in reversed(samples) if last.seconds - one.seconds >= RECENT), samples[0])
    passed = last.seconds - first.seconds
    return Rate((last.files - first.files) / passed, (last.bytes - first.bytes) / passed) if passed else None


def seconds_left(samples: Sequence[Sample], files: int, size: int) -> float | None:
    """How long so many files of so many bytes together take; None where no file was done yet."""
    costs = _costs(_steps(samples))
    return costs[0] * files + costs[1] * size if costs else None


def _steps(samples: Sequence[Sample]) -> list[tuple[float, float, float, float]]:
    """(weight, seconds, files, bytes) between samples; half the weight for what is a quarter of the work ago."""
    if not samples:
        return []
    now = samples[-1].seconds
    fading = max(RECENT, now / 4)
    return [
        (0.5 ** ((now - late.seconds) / fading), late.seconds - early.seconds, late.files - early.files,
         late.bytes - early.bytes)
        for early, late in pairwise(samples)
    ]  # fmt: skip


def _costs(steps: Iterable[tuple[float, float, float, float]]) -> tuple[float, float] | None:
    """Seconds a file and a byte cost: least squares, drawn towards the proportion of FILE and BYTE."""
    ff = fb = bb = tf = tb = time = work = 0.0
    for share, seconds, files, size in steps:
        weight = share / (FILE * files + BYTE * size or 1)  # a step of much work does not outweigh the others
        ff, fb, bb = ff + weight * files * files, fb + weight * files * size, bb + weight * size * size
        tf, tb = tf + weight * seconds * files, tb + weight * seconds * size
        time, work = time + share * seconds, work + share * (FILE * files + BYTE * size)
    if not work or not time:
        return None
    file, byte = FILE * time / work, BYTE * time / work
    if not (ff and bb):
        return file, byte
    a, d = ff * (1 + TRUST), bb * (1 + TRUST)
    p, q = tf + TRUST * ff * file, tb + TRUST * bb * byte
    found = (p * d - q * fb) / (a * d - fb * fb), (a * q - p * fb) / (a * d - fb * fb)
    if found[0] < 0:
        return 0.0, q / d
    return found if found[1] >= 0 else (p / a, 0.0)
