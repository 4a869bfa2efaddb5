"""The records of a package: of a set, entries and tombstones; of votes, opinions. PURE.

What every record must have, a number that rises and an entry it is about, decides about the whole package. What else
it says may be odd: that is told record by record, and stops nothing.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar
from uuid import UUID

import msgspec

from hashsets import wire
from hashsets.courier.manifest import Manifest, PackageDamaged
from hashsets.courier.reading import Opened
from hashsets.wire import Odd
from workbench.words import noop

MOST_BRACKETS = 200  # of one record; some ten are used
Record = TypeVar("Record", bound=msgspec.Struct)


class Numbered(msgspec.Struct):
    """What every record has."""

    seq: int = msgspec.field(name="Seq")


class Step(msgspec.Struct, kw_only=True):
    """What every record of a set has; `reason` only a tombstone."""

    entry_id: UUID = msgspec.field(name="EntryID")
    reason: str | None = None


def of_a_set(package: Opened) -> Iterator[wire.FullMedia | wire.Removed | Odd]:
    """Entries and tombstones in the order of their numbers. Raises PackageDamaged."""
    for _seq, line in numbered(package.manifest, package.lines(), after=package.manifest.from_seq):
        step = decoded(line, Step)
        if isinstance(step, Odd):
            raise PackageDamaged(noop("A record names no entry: %(why)s."), why=step.reason)
        yield decoded(line, wire.FullMedia) if step.reason is None else decoded(line, wire.Removed)


def numbered(of: Manifest, lines: Iterable[bytes], *, after: int) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, which rise from behind `after` up to the package's end. Raises PackageDamaged."""
    for line in lines:
        found = decoded(line, Numbered)
        if isinstance(found, Odd):
            raise PackageDamaged(noop("A record has no number: %(why)s."), why=found.reason)
        if not after < found.seq <= of.to_seq:
            raise PackageDamaged(noop("Record %(number)s is out of its order."), number=found.seq)
        after = found.seq
        yield after, line


def decoded(line: bytes, kind: type[Record]) -> Record | Odd:
    """A line as a shape, or why it is none."""
    if line.count(b"[") + line.count(b"{") > MOST_BRACKETS:
        return Odd(line.decode("utf-8", "replace"), "it is nested too deep")
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        return Odd(line.decode("utf-8", "replace"), str(error)[:200])
