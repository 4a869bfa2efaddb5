"""What a process has at hand of the sets it searches for near hashes: files mapped once, or hashes read once.

A file that cannot be read (no right, no descriptor, no memory) is left alone until it changes or a minute has passed;
meanwhile the hashes that were read from PostgreSQL in its place answer.
"""

from dataclasses import dataclass
from threading import Lock
from time import monotonic

from hashsets import near_index
from hashsets.near import Snapshot
from hashsets.near_index import Place

KEPT = 8  # snapshots a process keeps open
AGAIN = 60.0  # seconds until a file that could not be read is tried again though it is the same: it may have been we
Mark = tuple[int, int, int] | None  # inode, time of its last change, and of its rights; nanoseconds


@dataclass(frozen=True, slots=True)
class Held:
    """What a process has at hand of a set; `mapped` from files, or else in memory until there are any it can read."""

    snapshot: Snapshot
    mapped: bool
    unread: Mark = None  # of the file that could not be read
    tried: float = 0.0

    def is_of(self, place: Place) -> bool:
        """Whether it holds what is in force at this version."""
        return self.snapshot.base.set == place.public_id and self.snapshot.generation == place.generation

    def serves(self, place: Place) -> bool:
        """Whether nothing better is to be had for this version."""
        return self.is_of(place) and (self.mapped or not self._may_be_read(_mark(place)))

    def _may_be_read(self, mark: Mark) -> bool:
        return mark is not None and (mark != self.unread or monotonic() - self.tried > AGAIN)


_open: dict[int, Held] = {}  # by set; the last used at the end
_keeping = Lock()  # for a moment, whenever `_open` changes
_opening: dict[int, Lock] = {}  # by set: who wants it waits until it is read, once; who wants another does not


def at(place: Place) -> Snapshot:
    """The set's hashes in force at the generation, from its files or else from PostgreSQL. Ready to search."""
    if (held := _at_hand(place)) is None:
        with _opening.setdefault(place.set_id, Lock()):
            held = _at_hand(place) or _opened(place)
            _keep(place, held)
    return held.snapshot


def _at_hand(place: Place) -> Held | None:
    with _keeping:
        if (held := _open.get(place.set_id)) is not None:
            _open[place.set_id] = _open.pop(place.set_id)
    return held if held is not None and held.serves(place) else None


def _opened(place: Place) -> Held:
    """From files, or else what is in memory already, or else from PostgreSQL."""
    mark, held = _mark(place), _open.get(place.set_id)
    if (found := near_index.from_files(place)) is not None:
        return Held(found, mapped=True)
    snapshot = held.snapshot if held is not None and held.is_of(place) else near_index.from_tables(place)
    return Held(snapshot, mapped=False, unread=mark, tried=monotonic())


def _keep(place: Place, held: Held) -> None:
    with _keeping:
        _open.pop(place.set_id, None)
        _open[place.set_id] = held
        while len(_open) > KEPT:
            _open.pop(next(iter(_open)))


def _mark(place: Place) -> Mark:
    """Tells the file of a version from one put in its place, or given other rights; None where there is none."""
    try:
        found = place.path(place.generation).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns
