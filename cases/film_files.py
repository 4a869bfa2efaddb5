"""The bytes of a film for as long as somebody plays it: its blob, or a copy of what was left in place.

A copy lies on the store's disk without a name; a process keeps at most KEPT of them, each for KEPT_SECONDS.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Timer
from time import monotonic
from typing import BinaryIO
from weakref import WeakValueDictionary

from cases.errors import TooLargeToPlay
from cases.ingest import originals
from cases.models import Content
from workbench import storage
from workbench.models import Agency

KEPT, KEPT_SECONDS = 2, 60.0
MOST_COPIED = 2 << 30  # bytes
Key = tuple[int, bytes]  # agency, SHA-256


@dataclass(slots=True)
class Copy:
    """An open copy; closing `owner` gives its space back."""

    file: BinaryIO
    owner: ExitStack
    used: float


_copies: dict[Key, Copy] = {}  # the last used at the end
_making: WeakValueDictionary[Key, Lock] = WeakValueDictionary()  # held while a copy is made
_lock = Lock()  # of both, for moments


@contextmanager
def opened(agency: Agency, content: Content) -> Iterator[BinaryIO]:
    """The bytes of a content, read-only, with a place of its own in them.

    Raises Spoiled, SourceGone, StoreGone, StoreFull, TooLargeToPlay.
    """
    with _opened(agency, content) as file:
        yield file


def _opened(agency: Agency, content: Content) -> BinaryIO:
    try:
        return storage.open_blob(agency, bytes(content.sha256))
    except FileNotFoundError:
        pass
    if content.size > MOST_COPIED:
        raise TooLargeToPlay
    key = (agency.pk, bytes(content.sha256))
    with _lock:
        making = _making.setdefault(key, Lock())
    with making:  # of one film, for as long as it is copied; whoever plays another does not wait
        return _kept(key) or _made(agency, key)


def _kept(key: Key) -> BinaryIO | None:
    with _lock:
        kept = _copies.pop(key, None)
        return _used(key, kept) if kept else None


def _made(agency: Agency, key: Key) -> BinaryIO:
    owner = ExitStack()
    made = Copy(owner.enter_context(originals.opened(agency, key[1])), owner, 0.0)
    with _lock:
        _later()
        return _used(key, made)


def _used(key: Key, kept: Copy) -> BinaryIO:
    """A file of its own on the copy, now the last used. Under the lock: no sweep may close it meanwhile."""
    kept.used = monotonic()
    _copies[key] = kept
    while len(_copies) > KEPT:
        _copies.pop(next(iter(_copies))).owner.close()
    return Path(f"/proc/self/fd/{kept.file.fileno()}").open("rb")


def _later() -> None:
    timer = Timer(KEPT_SECONDS, _sweep)
    timer.daemon = True
    timer.start()


def _sweep() -> None:
    """Let go of copies that nobody asked for lately; look again while there are others."""
    with _lock:
        for key in [key for key, kept in _copies.items() if monotonic() - kept.used >= KEPT_SECONDS]:
            _copies.pop(key).owner.close()
        if _copies:
            _later()
