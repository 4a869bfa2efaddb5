"""How far a following is, and what came until there: both move in the transaction that stores it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hashsets.models import Remote
from hashsets.remotes import Page
from workbench.errors import WorkbenchError


class PullOvertaken(WorkbenchError):
    """Somebody else took the same records meanwhile, so these were not stored twice. Nothing is lost."""

    code = "pull-overtaken"
    permanent = False


@dataclass(slots=True)
class Applied:
    """What some pages came to. `records` and `removed` as they came; `added` and `ended` rows of the set."""

    records: int = 0
    removed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)  # records left out, by reason
    odd: Counter[str] = field(default_factory=Counter)  # records of which a part was left out, by reason
    added: int = 0
    ended: int = 0
    generation: int | None = None  # None: nothing changed in the set

    def add(self, other: "Applied") -> None:
        """Add what further pages came to."""
        for name in ("records", "removed", "added", "ended"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.skipped.update(other.skipped)
        self.odd.update(other.odd)
        self.generation = other.generation or self.generation

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> "Applied":
        """As `as_json` told it; nothing of what is missing."""
        values: dict[str, Any] = {
            name: Counter(value) if isinstance(value, dict) else value for name, value in told.items()
        }
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        """For the log and for scripts."""
        counts = {"skipped": dict(sorted(self.skipped.items())), "odd": dict(sorted(self.odd.items()))}
        return {name: getattr(self, name) for name in ("records", "removed", "added", "ended", "generation")} | counts


def move(remote: Remote, pages: Sequence[Page], applied: Applied) -> None:
    """Go on to the last page's checkpoint, and count what came. Raises PullOvertaken, also where it ended."""
    began = remote.round + pages[0].anew
    total = Applied() if pages[0].anew or pages[0].release else Applied.of_json(remote.counts)
    total.add(applied)
    now = {"checkpoint": pages[-1].checkpoint, "round": began, "counts": total.as_json()}
    same = Remote.objects.filter(pk=remote.pk, checkpoint=remote.checkpoint, round=remote.round, ended_at=None)
    if not same.update(**now):
        raise PullOvertaken
    for name, value in now.items():
        setattr(remote, name, value)
