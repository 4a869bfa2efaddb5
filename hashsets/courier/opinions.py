"""Opinions in a package: each in a line, few in a file, so that one file and the manifest prove what was said. PURE."""

from collections.abc import Iterator
from typing import NamedTuple

from hashsets import wire
from hashsets.courier.manifest import PackageDamaged
from hashsets.courier.reading import Opened
from hashsets.courier.records import decoded, numbered
from hashsets.wire import Odd
from workbench.words import noop

MOST = 5_000  # opinions of one file, as of one request (docs/protocol.md)
LARGEST = 8 * 1024 * 1024  # bytes of one, packed: it is read whole, and kept as the proof


class Opinion(wire.Opinion, kw_only=True):
    """What the maker says of a file; `retracted`: he takes back what he said of it."""

    seq: int
    retracted: bool = False


class Batch(NamedTuple):
    """One file of opinions as it lies in the package, and what is in it."""

    raw: bytes
    opinions: list[Opinion | Odd]


def batches(package: Opened) -> Iterator[Batch]:
    """The opinions of a package, file by file, in the order of their numbers. Raises PackageDamaged."""
    if any(place.size > LARGEST for place in package.places):
        raise PackageDamaged
    count, last = 0, package.manifest.from_seq
    for number in range(len(package.places)):
        found: list[Opinion | Odd] = []
        for seq, line in numbered(package.manifest, package.lines_of(number), after=last):
            found.append(decoded(line, Opinion))
            last = seq
            if len(found) > MOST:
                raise PackageDamaged(noop("A file of opinions holds more than 5,000."))
        count += len(found)
        yield Batch(package.raw(number), found)
    package.require_count(count)
