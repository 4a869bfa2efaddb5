"""A zip archive with the same bytes wherever and whenever it is written, and a manifest of what it holds.

Stored, not compressed (compressors differ between versions), dated 1980-01-01, members in the order they are
written, `manifest.json` last: it names every other member with its size and SHA-256.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from workbench.audit import canonical

MANIFEST = "manifest.json"
FORMAT = "winnow-export/1"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip archive can hold
BUFFER = 1 << 18  # bytes
_UNIX = 3
_MODE = 0o100600 << 16


@dataclass(frozen=True, slots=True)
class Written:
    """One member as the manifest names it."""

    name: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which state a package shows: its digest, and the event of the agency's log it is as of."""

    state: bytes
    as_of: int


class Package:
    """Writes members, then the manifest.

    `about` says what the package is and belongs to the state; `as_of` answers the event number for a state's
    digest. The state is everything written before `seal()`.
    """

    def __init__(self, path: Path, about: Mapping[str, Any], as_of: Callable[[bytes], int]) -> None:
        self.path = path
        self.members: list[Written] = []
        self._about = dict(about)
        self._as_of = as_of
        self._stamp: Stamp | None = None
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True)

    def add(self, name: str, data: bytes) -> None:
        """Write a small member."""
        with self.member(name) as stream:
            stream.write(data)

    @contextmanager
    def member(self, name: str) -> Iterator[BinaryIO]:
        """A stream into a member of any size."""
        info = zipfile.ZipInfo(name, EPOCH)
        info.create_system, info.external_attr = _UNIX, _MODE
        with self._zip.open(info, "w", force_zip64=True) as into:
            raw = _Digested(cast("BinaryIO", into))
            buffered = io.BufferedWriter(raw, BUFFER)
            yield buffered
            buffered.flush()
        self.members.append(Written(name, raw.size, raw.sha256.hexdigest()))

    def seal(self) -> Stamp:
        """The state as written so far, and its event; what follows is only another form of it."""
        if self._stamp is None:
            facts = {"about": self._about, "members": [[one.name, one.size, one.sha256] for one in self.members]}
            state = hashlib.sha256(canonical(facts).encode()).digest()
            self._stamp = Stamp(state, self._as_of(state))
        return self._stamp

    def close(self) -> Stamp:
        """Write the manifest and end the archive."""
        stamp = self.seal()
        files = [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in self.members]
        manifest = self._about | {"as_of": stamp.as_of, "state": stamp.state.hex(), "files": files}
        self.add(MANIFEST, (canonical(manifest) + "\n").encode())
        self._zip.close()
        return stamp


class _Digested(io.RawIOBase):
    """Passes bytes on and remembers their number and digest."""

    def __init__(self, into: BinaryIO) -> None:
        self._into = into
        self.size = 0
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        """For the buffer in front."""
        return True

    def write(self, data: Any) -> int:
        """All of it, always."""
        self.sha256.update(data)
        self.size += len(data)
        self._into.write(data)
        return len(data)
