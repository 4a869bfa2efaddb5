"""Evidence that lies in an archive: members are data, read in the jail, never extracted (security.md 2.6)."""

import os
from collections.abc import Generator, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby

from django.utils.translation import gettext_noop as noop

from cases.ingest import base, budgets, nodes
from cases.ingest.base import Found, Reading, Row, SourceGone, SourceUnusable, Spoiled
from cases.ingest.decoding import decoder
from cases.ingest.passes import Opener, passes
from workbench.jail import ArchiveLimits, Member, results
from workbench.media_types import HEAD_BYTES, is_archive, sniff

LOCKED = noop("The archive is encrypted. Give its password on the problems page, and it goes on.")
ITSELF = 2**31 - 1  # ordinal of the row that speaks of the archive, which no member can have


class Archive:
    """Lists the directory once, reads members as the ledger asks for them."""

    id = "archive"
    label = "Archive"

    def __init__(self, within: tuple[bytes, ...] = ()) -> None:
        self.within = within
        self.passwords: tuple[str, ...] = ()

    def check(self, source: bytes) -> None:
        """See Reader."""
        with opened(source, self.within) as descriptor:
            if not is_archive(sniff(os.pread(descriptor, HEAD_BYTES, 0)).mime, source):
                raise SourceUnusable(noop("This is no archive that Winnow opens. Put a single file into a folder."))

    def find(self, source: bytes) -> Iterator[Found]:
        """Every member in the archive's order; last, if need be, why it ended early."""
        with opened(source, self.within) as descriptor:
            for member in members(descriptor, passwords=self.passwords):
                if member.index < 0 and member.reason == results.ENCRYPTED:
                    raise SourceUnusable(LOCKED)
                yield entry(member, source)

    def read(self, source: bytes, rows: list[Row]) -> Iterator[Reading]:
        """See Reader."""
        yield from read_source(source, self.within, rows, self.passwords)


@contextmanager
def opened(source: bytes, within: tuple[bytes, ...]) -> Iterator[int]:
    """The archive, read-only. Raises SourceGone, SourceUnusable."""
    try:
        with nodes.file_at(source, within) as descriptor:
            yield descriptor
    except IsADirectoryError as error:
        raise SourceUnusable(noop("This is not a file. Say that it is a folder, or choose another path.")) from error
    except OSError as error:
        raise SourceGone from error


def members(descriptor: int, start: int = 0, passwords: Sequence[str] = ()) -> Generator[Member, None, None]:
    """The members of an archive that is a whole exhibit, from place `start` on."""
    size = os.fstat(descriptor).st_size
    limits = budgets.of_source(size)
    yield from decoder().members(descriptor, size=size, limits=limits, start=start, passwords=passwords)


def entry(member: Member, source: bytes) -> Found:
    """A member as a node of the ledger, or the archive itself where it could not be read to its end.

    A single packed file is named after the archive `source`, without its ending, when it has no name of its own.
    """
    own_name = source.rpartition(b"/")[2]
    if member.index < 0:
        return Found(own_name, ordinal=ITSELF, reason=member.reason)
    raw_path = member.raw_name
    if member.size is None and not raw_path:
        raw_path = own_name.rpartition(b".")[0] or own_name
    return Found(raw_path, member.ordinal, str(member.index).encode(), member.size, member.mtime_text, member.reason)


def read_source(
    source: bytes, within: tuple[bytes, ...], rows: list[Row], passwords: Sequence[str] = ()
) -> Iterator[Reading]:
    """The rows' members in an archive that is a whole exhibit. Raises SourceGone."""
    with opened(source, within) as descriptor:
        limits = budgets.of_source(os.fstat(descriptor).st_size)
    yield from read_members((source, tuple(passwords)), partial(opened, source, within), limits, rows, passwords)


def read_members(
    key: Hashable, opener: Opener, limits: ArchiveLimits, rows: Sequence[Row], passwords: Sequence[str]
) -> Iterator[Reading]:
    """The rows' members, found by the place in the archive that is their locator; in the archive's order."""
    why_gone = ""
    for index, same in groupby(sorted(rows, key=_place), key=_place):
        for row in same:
            if why_gone:
                yield Reading(row, why_gone)
                continue
            with passes().over(key, opener, limits, passwords, index) as one:
                member = one.member(index)
                if member:
                    yield Reading(row, member.reason, _chunks(member))
                else:
                    why_gone = (one.reason or base.UNREADABLE) if one.ended else ""
                    yield Reading(row, why_gone or base.UNREADABLE)


def _place(row: Row) -> int:
    return int(row.locator)


def _chunks(member: Member) -> Iterator[bytes]:
    yield from member.chunks
    if member.problem:
        raise Spoiled(member.problem)
