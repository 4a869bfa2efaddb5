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
_lock = Lock()


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
    with _lock:
        kept = _copy(agency, content)
        return Path(f"/proc/self/fd/{kept.file.fileno()}").open("rb")


def _copy(agency: Agency, content: Content) -> Copy:
    key = (agency.pk, bytes(content.sha256))
    kept = _copies.pop(key, None)
    if kept is None:
        owner = ExitStack()
        kept = Copy(owner.enter_context(originals.opened(agency, key[1])), owner, 0.0)
        _later()
    kept.used = monotonic()
    _copies[key] = kept
    while len(_copies) > KEPT:
        _copies.pop(next(iter(_copies))).owner.close()
    return kept


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
