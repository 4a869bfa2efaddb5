"""Open passes over archives, kept between the claims of a worker.

A tar.gz or a solid 7z can only be read onwards. A worker whose claims come in the ledger's order reads each such
archive about once, whatever the number of claims; the passes end with its stint.
"""

from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache

from cases.ingest.decoding import decoder
from workbench.jail import ArchiveLimits, Member

MOST = 2  # open at once; each holds a process of the jail

Opener = Callable[[], AbstractContextManager[int]]


class Pass:
    """One archive that is being read onwards from the place `start`."""

    def __init__(self, opened: Opener, limits: ArchiveLimits, passwords: Sequence[str], start: int) -> None:
        self.next = start
        self.ended = False
        self.reason = ""  # why it ended early
        self._members = _members(opened, limits, passwords, start)

    def member(self, index: int) -> Member | None:
        """The member at a place further on; None when the archive ends before it."""
        for member in self._members:
            if member.index < 0:
                self.reason = member.reason
                break
            self.next = member.index + 1
            if member.index >= index:
                return member if member.index == index else None
        self.ended = True
        return None

    def close(self) -> None:
        """Let go of the archive."""
        self._members.close()


def _members(
    opened: Opener, limits: ArchiveLimits, passwords: Sequence[str], start: int
) -> Generator[Member, None, None]:
    with opened() as descriptor:
        yield from decoder().members(descriptor, size=0, limits=limits, start=start, passwords=passwords)


class Passes:
    """The passes of this process, by what tells an archive from others."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Pass] = OrderedDict()

    @contextmanager
    def over(
        self, key: Hashable, opened: Opener, limits: ArchiveLimits, passwords: Sequence[str], index: int
    ) -> Iterator[Pass]:
        """A pass that has not yet gone beyond `index`: the one that is kept, or a new one.

        Kept afterwards, unless it ended or the block failed.
        """
        one = self._kept.pop(key, None)
        if one is None or one.next > index:
            if one:
                one.close()
            one = Pass(opened, limits, passwords, index)
        try:
            yield one
        except Exception:
            one.ended = True
            raise
        finally:
            if one.ended:
                one.close()
            else:
                self._keep(key, one)

    def close(self) -> None:
        """Let go of every archive."""
        while self._kept:
            self._kept.popitem()[1].close()

    def _keep(self, key: Hashable, one: Pass) -> None:
        self._kept[key] = one
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)[1].close()


@cache
def passes() -> Passes:
    """The one `Passes` of this process."""
    return Passes()
