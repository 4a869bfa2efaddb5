"""PURE: a moment of a film, or a range of it, on which a decision rests (decision 0017)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_MS = 2**31 - 1
FILMS = ("video", "audio")  # kinds of contents that have moments


class Moment(NamedTuple):
    """Milliseconds from the start of the film; `until_ms` None for one moment."""

    from_ms: int
    until_ms: int | None = None


def of(from_ms: int | None, until_ms: int | None) -> Moment | None:
    """The moment that two columns hold; None where nothing was marked."""
    return None if from_ms is None else Moment(from_ms, until_ms)


def from_answer(answer: Mapping[str, Any] | None) -> Moment | None:
    """The moment as an act's answer holds it."""
    return Moment(answer["from_ms"], answer["until_ms"]) if answer else None


def as_json(moment: Moment | None) -> dict[str, int | None] | None:
    """For pages and the log; None where nothing was marked."""
    return None if moment is None else {"from_ms": moment.from_ms, "until_ms": moment.until_ms}


def told(moment: Moment | None) -> dict[str, Any]:
    """What an event says of it; nothing where nothing was marked."""
    return {} if moment is None else {"moment": as_json(moment)}


def words(moment: Moment | None) -> str:
    """`1:04`, `1:04-1:12`, or nothing; with a dash of the width of a digit."""
    if moment is None:
        return ""
    ends = [moment.from_ms] if moment.until_ms is None else [moment.from_ms, moment.until_ms]
    return "\u2013".join(clock(end) for end in ends)


def exactly(moment: Moment) -> str:
    """`0:01:04.250`, or with an end `0:01:04.250-0:01:12.000`: for documents, the same in every language."""
    ends = [moment.from_ms] if moment.until_ms is None else [moment.from_ms, moment.until_ms]
    return "-".join(_exact(end) for end in ends)


def _exact(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def clock(milliseconds: int) -> str:
    """`1:04` or `1:00:00`; of less than a second tenths, `0:00.4`."""
    if 0 < milliseconds < 1000:
        return f"0:00.{max(1, milliseconds // 100)}"
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
