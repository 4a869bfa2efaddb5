"""How fast a step goes and how long it still takes, in words. PURE."""

from collections.abc import Callable
from time import monotonic

from workbench.words import gettext as _

SETTLED = 2.0  # seconds after which a pace means something
_UNITS = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"), (1, ""))


class Pace:
    """Follows one step after another; `unit` is what `done` counts."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._step = ""
        self._began = 0.0
        self._first = 0

    def words(self, step: str, done: int, of: int, *, unit: str) -> str:
        """Rate and time left of the step, "" while there is nothing to say."""
        now = self._clock()
        if step != self._step:
            self._step, self._began, self._first = step, now, done
        elapsed, got = now - self._began, done - self._first
        if elapsed < SETTLED or got <= 0 or not of:
            return ""
        rate = got / elapsed
        return _("%(short)s/s, %(lasting)s left") % {
            "short": _short(rate, unit),
            "lasting": _lasting((of - done) / rate),
        }


def _short(number: float, unit: str) -> str:
    size, letter = next((pair for pair in _UNITS if number >= pair[0]), _UNITS[-1])
    return f"{number / size:.3g} {letter}{unit}"


def _lasting(seconds: float) -> str:
    if seconds < 60:
        return _("%(max)s s") % {"max": max(round(seconds), 1)}
    if seconds < 5400:
        return _("%(round)s min") % {"round": round(seconds / 60)}
    return _("%(value)s h") % {"value": f"{seconds / 3600:.1f}"}
