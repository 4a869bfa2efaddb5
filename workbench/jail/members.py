"""What every archive format hands to `archives.py`: members, each with a way to its bytes. Runs in the jail."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from workbench.jail import results
from workbench.jail.results import CHUNK_BYTES


class Damaged(Exception):
    """A member or the whole archive cannot be read as it should; `reason` is one of results.py."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Part:
    """One member. Its bytes can be asked for until the next member is; they raise where they are not whole."""

    index: int  # place in the archive, folders included
    raw_name: bytes  # as stored; empty when the format stores none
    size: int | None  # bytes it says it holds; None when only unpacking tells
    mtime_text: str = ""
    reason: str = ""  # why its bytes are not to be had
    utf8: bool = False
    charge: int = 0  # bytes of the archive's limit it takes when it is passed over
    chunks: Callable[[], Iterator[bytes]] = field(default=lambda: iter(()))


@dataclass(frozen=True, slots=True)
class Asked:
    """How the worker wants the archive read."""

    passwords: tuple[str, ...] = ()
    tick: Callable[[], None] = field(default=lambda: None)  # to be called while nothing is sent, several times a second


def why(error: Exception) -> str:
    """The reason code of whatever a format raised over hostile bytes."""
    if isinstance(error, Damaged):
        return error.reason
    if isinstance(error, MemoryError):
        return results.DECODER_LIMIT
    return results.TRUNCATED if isinstance(error, EOFError) else results.CORRUPT


def pieces(data: bytes) -> Iterator[bytes]:
    """The same bytes, at most CHUNK_BYTES at a time."""
    for at in range(0, len(data), CHUNK_BYTES):
        yield data[at : at + CHUNK_BYTES]
