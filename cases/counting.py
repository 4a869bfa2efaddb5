"""Counting rules of a case: category x exhibit x still or moving, known and new (workflows.md section 4). PURE.

Whoever prints a table prints its rules with it. Unique contents cannot be added up over exhibits, because
one content may lie on several: their totals come from rows counted over the whole case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

MOVING = frozenset({"video"})
UNDECIDED = ""  # the code of what nobody has decided; listed last


@dataclass(frozen=True, slots=True)
class CountRow:
    """Files of one kind and category. `exhibit` None = counted over the whole case."""

    code: str
    exhibit: str | None
    kind: str  # still, video, ...; only video is moving
    unique: int
    instances: int
    known: bool


@dataclass(frozen=True, slots=True)
class CountingRules:
    """What is counted. `duplicates` True: every file; False: every different content once."""

    duplicates: bool = False

    def sentences(self) -> tuple[str, ...]:
        """The rules in words, to be printed with the table."""
        if self.duplicates:
            return ("Every file is counted, exact copies included.",)
        return (
            "Exact copies are counted once.",
            "A content found on several exhibits counts on each of them, and once in the totals.",
        )


@dataclass(slots=True)
class Count:
    """One cell of the table."""

    still: int = 0
    moving: int = 0
    known: int = 0
    new: int = 0

    @property
    def total(self) -> int:
        """Still and moving together."""
        return self.still + self.moving

    def add(self, row: CountRow, number: int) -> None:
        """Count `number` files of the row's kind."""
        if row.kind in MOVING:
            self.moving += number
        else:
            self.still += number
        if row.known:
            self.known += number
        else:
            self.new += number


@dataclass(slots=True)
class CategoryCount:
    """One line of the table: a category, each exhibit in the table's order, and all exhibits."""

    code: str
    exhibits: dict[str, Count]
    total: Count = field(default_factory=Count)


@dataclass(slots=True)
class CountTable:
    """Lines in the scheme's order, then codes it lacks, undecided last; exhibits in natural order."""

    rules: CountingRules
    exhibits: tuple[str, ...]
    categories: tuple[CategoryCount, ...]
    total: CategoryCount


def tabulate(rows: Iterable[CountRow], codes: Iterable[str] = (), rules: CountingRules | None = None) -> CountTable:
    """The table of `rows`; `codes` of the scheme are listed even where nothing was counted.

    `rows` must hold each file twice: in a row of its exhibit and in one of the whole case (exhibit None).
    The order of rows does not matter.
    """
    rules = rules or CountingRules()
    rows = list(rows)
    exhibits = tuple(sorted({row.exhibit for row in rows if row.exhibit is not None}, key=natural))
    order = list(dict.fromkeys([*codes, *sorted({row.code for row in rows} - {UNDECIDED}, key=natural), UNDECIDED]))
    lines = {code: CategoryCount(code, {exhibit: Count() for exhibit in exhibits}) for code in order}
    total = CategoryCount("", {exhibit: Count() for exhibit in exhibits})
    for row in rows:
        number = row.instances if rules.duplicates else row.unique
        for line in (lines[row.code], total):
            (line.total if row.exhibit is None else line.exhibits[row.exhibit]).add(row, number)
    return CountTable(rules, exhibits, tuple(lines.values()), total)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorting key that puts NM-2 before NM-10."""
    parts: list[tuple[int, int, str]] = []
    for character in text:
        if character.isascii() and character.isdigit():
            if parts and parts[-1][0] == 0:
                parts[-1] = (0, parts[-1][1] * 10 + int(character), "")
            else:
                parts.append((0, int(character), ""))
        else:
            parts.append((1, ord(character), character))
    return (*parts, (-1, 0, text))  # NM-01 and NM-1 differ, always in the same order
