"""What the names of files say about parts that are not there (vics.md section 4). PURE.

"set 2 of 5.json" tells how many there are; "set_part3.json" only that one and two must be somewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

MOST_PARTS = 1000  # a total above is no total
MOST_NAMED = 200  # missing parts told by name
LONGEST = 200  # characters of a name that are told
_OF = re.compile(r"(?<!\d)(\d{1,4})([ _.-]*(?:of|von|de|sur|van)[ _.-]*)(\d{1,4})(?!\d)", re.IGNORECASE)
_PART = re.compile(r"((?<![A-Za-z])(?:part|pt|teil|partie|vol|volume|disk|disc)[ _.-]*)(\d{1,4})(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Said:
    """What one name says: its number, of how many (None = not said), and the name around the number."""

    number: int
    total: int | None
    before: str
    digits: int
    after: str

    def named(self, number: int) -> str:
        return f"{self.before}{number:0{self.digits}}{self.after}"[-LONGEST:]


def says_part(name: str) -> bool:
    """Whether a name says that it is one of several."""
    return _said(name) is not None


def missing(names: Iterable[str]) -> list[str]:
    """The names of the parts that ought to be among `names` and are not, in order.

    Beyond MOST_NAMED only how many more, in words, as the last one.
    """
    sets: dict[tuple[str, int | None], dict[int, _Said]] = defaultdict(dict)
    for name in names:
        if said := _said(name):
            sets[said.before.lower(), said.total].setdefault(said.number, said)
    gaps, more = list[str](), 0
    for (_before, total), there in sets.items():
        one = next(iter(there.values()))
        wanted = range(min(1, *there, 1), (max(there) if total is None else total) + 1)
        missed = [number for number in wanted if number not in there]
        named = missed[: MOST_NAMED - len(gaps)]
        gaps += [one.named(number) for number in named]
        more += len(missed) - len(named)
    return [*gaps, f"and {more:,} more"] if more else gaps


def base_name(name: str) -> str:
    """The last piece of a name, whichever slash parts it."""
    return re.split(r"[\\/]", name)[-1]


def _said(name: str) -> _Said | None:
    name = base_name(name)
    if (found := _OF.search(name)) and 2 <= int(found[3]) <= MOST_PARTS and int(found[1]) <= int(found[3]):
        return _Said(int(found[1]), int(found[3]), name[: found.start(1)], len(found[1]), name[found.end(1) :])
    if (found := _PART.search(name)) and int(found[2]) <= MOST_PARTS:
        return _Said(int(found[2]), None, name[: found.start(2)], len(found[2]), name[found.end(2) :])
    return None
