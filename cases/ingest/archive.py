"""Evidence that lies in a zip archive: members are data, read in the jail, never extracted (security.md 2.6)."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from cases.ingest import base, nodes
from cases.ingest.base import Found, Reading, Row, SourceGone, SourceUnusable, Spoiled
from cases.ingest.decoding import decoder
from workbench.jail import ArchiveLimits, Member
from workbench.media_types import HEAD_BYTES, sniff

MEMBERS = 1_000_000
LEAST_BYTES, RATIO = 1 << 30, 100  # a bomb unpacks to more than this, and to more than so many times its size
ITSELF = 2**31 - 1  # ordinal of the row that speaks of the archive, which no member can have


class Archive:
    """Lists the directory once, reads members as the ledger asks for them."""

    id = "archive"
    label = "Zip archive"

    def __init__(self, within: tuple[bytes, ...] = ()) -> None:
        self.within = within

    def check(self, source: bytes) -> None:
        """See Reader."""
        with opened(source, self.within) as descriptor:
            if sniff(os.pread(descriptor, HEAD_BYTES, 0)).mime != "application/zip":
                raise SourceUnusable("This is not a zip archive. Choose the reader that fits, or another path.")

    def find(self, source: bytes) -> Iterator[Found]:
        """Every member in the directory's order; last, if need be, why the archive ended early."""
        with opened(source, self.within) as descriptor:
            for member in members(descriptor):
                yield entry(member, source)

    def read(self, source: bytes, rows: list[Row]) -> Iterator[Reading]:
        """See Reader."""
        with opened(source, self.within) as descriptor:
            yield from read_members(descriptor, rows)


@contextmanager
def opened(source: bytes, within: tuple[bytes, ...]) -> Iterator[int]:
    """The archive, read-only. Raises SourceGone, SourceUnusable."""
    try:
        with nodes.file_at(source, within) as descriptor:
            yield descriptor
    except IsADirectoryError as error:
        raise SourceUnusable("This is not a file. Choose the reader that fits, or another path.") from error
    except OSError as error:
        raise SourceGone from error


def members(descriptor: int, start: int = 0) -> Generator[Member, None, None]:
    """The members from directory place `start` on."""
    size = os.fstat(descriptor).st_size
    limits = ArchiveLimits(bytes=max(LEAST_BYTES, RATIO * size), members=MEMBERS)
    yield from decoder().members(descriptor, size=size, limits=limits, start=start)


def entry(member: Member, source: bytes) -> Found:
    """A member, or the archive itself where it could not be read to its end, as a node of the ledger."""
    if member.index < 0:
        return Found(source.rpartition(b"/")[2], ordinal=ITSELF, reason=member.reason)
    return Found(
        member.raw_name, member.ordinal, str(member.index).encode(), member.size, member.mtime_text, member.reason
    )


def read_members(descriptor: int, rows: list[Row]) -> Iterator[Reading]:
    """The rows' members, found by the place in the directory that is their locator."""
    wanted: dict[int, list[Row]] = {}
    for row in rows:
        wanted.setdefault(int(row.locator), []).append(row)
    while wanted:
        start = min(wanted)
        again: dict[int, list[Row]] = {}
        for member in members(descriptor, start):
            if asked := wanted.pop(member.index, None):
                yield Reading(asked[0], member.reason, _chunks(member))
                if asked[1:]:
                    again[member.index] = asked[1:]  # bytes of a member can be read once in a pass
            if not wanted:
                break
        for row in (row for left in wanted.values() for row in left):
            yield Reading(row, base.UNREADABLE)
        wanted = again


def _chunks(member: Member) -> Iterator[bytes]:
    yield from member.chunks
    if member.problem:
        raise Spoiled(member.problem)
