"""A measured figure beside its yardstick, and medians: what every measurement answers."""

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `ratio` is ours / yardstick; `must` and `aim` bound what `bound` names, both may be absent."""

    figure: str
    ours: float
    yardstick: float | None = None
    must: float | None = None
    aim: float | None = None
    of_ratio: bool = False  # bounds are for the ratio, not for our figure

    @property
    def ratio(self) -> float | None:
        """Ours as a multiple of the yardstick, measured in the same run."""
        return round(self.ours / self.yardstick, 3) if self.yardstick else None

    @property
    def holds(self) -> bool | None:
        """Whether the figure is within `must`; None where nothing is asked."""
        measured = self.ratio if self.of_ratio else self.ours
        return None if self.must is None or measured is None else measured <= self.must

    def fields(self) -> dict[str, Any]:
        """What `--json` shows of it."""
        return asdict(self) | {"ratio": self.ratio, "holds": self.holds}


def cpu_seconds() -> float:
    """CPU of this process so far, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def wall_ms(act: Callable[[], object]) -> float:
    """Milliseconds by the wall for one call."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def cpu_ms(act: Callable[[], object]) -> float:
    """Milliseconds of this process's CPU for one call."""
    began = cpu_seconds()
    act()
    return (cpu_seconds() - began) * 1000


def median(act: Callable[[], float], repeats: int) -> float:
    """The median of several measurements."""
    return round(statistics.median(act() for _ in range(repeats)), 3)
