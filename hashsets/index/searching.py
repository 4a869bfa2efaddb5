"""Searches index files: maps them read-only into memory, shared by all processes, and looks many digests up at once.

PURE. What is found agrees in the first 16 bytes; whoever shows it or acts on it compares the rest with PostgreSQL's
row. What is not found is not in the set.
"""

import errno
import hashlib
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from hashsets.index import layout
from hashsets.index.layout import DIGEST_SIZES, KINDS, PAGE, DamagedIndex

Words = NDArray[np.uint64]
Places = NDArray[np.int64]  # positions among the digests asked for
Ids = NDArray[np.int64]
Found = tuple[Places, Ids]
_BLOCK = 1 << 20  # rows looked at together
GROUP = 1024  # keys searched together


class IndexFile:
    """One file, checked from its first to its last byte before it answers anything."""

    def __init__(self, path: Path, secret: bytes) -> None:
        """Map and check the file. Raises DamagedIndex; OSError where it cannot be read, whatever is in it."""
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise DamagedIndex("the file is a link") from error
            raise
        self._stood = _standing(self._descriptor)
        self.header = layout.read(os.pread(self._descriptor, PAGE, 0), secret)
        self._map = self._checked()
        self._keys = {kind: self._columns(kind) for kind in KINDS}
        self.ended: Ids = np.frombuffer(self._map, "<i8", self.header.ended, self.header.ended_start)

    def _checked(self) -> mmap.mmap:
        """The file in memory. Raises DamagedIndex where a byte is missing or another."""
        if self._stood[0] != self.header.size:
            raise DamagedIndex(f"the file has {self._stood[0]:,} bytes and should have {self.header.size:,}")
        mapped = mmap.mmap(self._descriptor, 0, prot=mmap.PROT_READ)
        with memoryview(mapped) as whole, whole[PAGE:] as columns:
            if hashlib.sha256(columns).digest() != self.header.digest:
                raise DamagedIndex("the checksum is wrong")
        return mapped

    def __del__(self) -> None:
        """The mapping ends with the last array that looks into it."""
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    @property
    def stands(self) -> bool:
        """Whether nobody has written to the file since it was checked."""
        return _standing(self._descriptor) == self._stood

    def is_at(self, path: Path) -> bool:
        """Whether this very file has that name."""
        return path.exists() and os.path.samestat(path.stat(), os.fstat(self._descriptor))

    def find(self, kind: str, high: Words, low: Words) -> Found:
        """Every (place, entry) whose key is equal, for keys that come sorted by their high half."""
        highs, lows, entries = self._keys[kind]
        near, first = _agreeing(highs, high)
        low = low[near]
        last = np.searchsorted(highs, high[near], side="right")
        first, last = _bisect(lows, low, first, last, right=False), _bisect(lows, low, first, last, right=True)
        return _spread(near, first, last, entries)

    def sum_of_ids(self, kind: str) -> int:
        """The ids of all entries of a kind, added up."""
        ids = self._keys[kind][2]
        return sum(int(ids[start : start + _BLOCK].sum()) for start in range(0, len(ids), _BLOCK))

    def sample(self, kind: str, rows: list[int]) -> dict[int, bytes]:
        """The keys of some rows, by entry."""
        high, low, entry = (column[rows] for column in self._keys[kind])
        return {
            int(one): (h << 64 | w).to_bytes(16) for one, h, w in zip(entry, high.tolist(), low.tolist(), strict=True)
        }

    def holds(self, kind: str, digests: Mapping[int, bytes]) -> bool:
        """Whether each digest is found with its entry."""
        high, low = keys(b"".join(digests.values()), DIGEST_SIZES[kind])
        order = np.argsort(high)
        places, entries = self.find(kind, high[order], low[order])
        found = set(zip(order[places].tolist(), entries.tolist(), strict=True))
        return found >= set(enumerate(digests))

    def _columns(self, kind: str) -> tuple[Words, Words, Ids]:
        count, start = self.header.counts[kind], self.header.start(kind)
        high, low, entry = (
            np.frombuffer(self._map, form, count, start + n * count * layout.WORD)
            for n, form in enumerate(("<u8", "<u8", "<i8"))
        )
        return high, low, entry


class Index:
    """A set at one version: a base, and perhaps a delta."""

    def __init__(self, base: IndexFile, delta: IndexFile | None = None) -> None:
        self.base = base
        self.delta = delta

    def check(self, of_set: UUID, generation: int) -> None:
        """Raise DamagedIndex unless these are files of this set that tell of this version."""
        headers = [file.header for file in (self.base, self.delta) if file]
        if any(header.set != of_set for header in headers):
            raise DamagedIndex("the file belongs to another set")
        if headers[0].base != headers[0].generation or headers[0].ended or headers[-1].base != headers[0].base:
            raise DamagedIndex("the delta belongs to another base")
        if headers[-1].generation != generation:
            raise DamagedIndex(f"the file is of version {headers[-1].generation}, not {generation}")

    @property
    def stands(self) -> bool:
        """Whether its files are as they were checked."""
        return self.base.stands and (self.delta is None or self.delta.stands)

    def search(self, kind: str, digests: bytes | memoryview) -> Found:
        """Every (place, entry) for digests of one kind, one after the other in `digests`; in no order.

        Equal in the first 16 bytes: compare longer digests with the entry's row.
        """
        high, low = keys(digests, DIGEST_SIZES[kind])
        order = np.argsort(high)
        high, low = high[order], low[order]
        places, entries = self.base.find(kind, high, low)
        if self.delta is not None:
            kept = ~np.isin(entries, self.delta.ended)
            more, fresh = self.delta.find(kind, high, low)
            places, entries = np.concatenate((places[kept], more)), np.concatenate((entries[kept], fresh))
        return order[places], entries


def keys(digests: bytes | memoryview, size: int) -> tuple[Words, Words]:
    """The two halves of the first 16 bytes of digests of so many bytes each."""
    rows = np.frombuffer(digests, dtype=np.dtype({"names": ["h", "l"], "formats": [">u8", ">u8"], "itemsize": size}))
    return rows["h"].astype(np.uint64), rows["l"].astype(np.uint64)


def _agreeing(column: Words, wanted: Words) -> tuple[Places, Places]:
    """The places of those sorted numbers that are in the sorted column, and where each first is.

    By groups: what one of them looks at stays in the processor's cache, which at 100 million entries halves the cost.
    """
    starts = np.searchsorted(column, wanted[::GROUP]).tolist()
    near, first = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for place, start, end in zip(range(0, len(wanted), GROUP), starts, [*starts, len(column)][1:], strict=True):
        stretch, here = column[start : end + 1], wanted[place : place + GROUP]
        if len(stretch):
            at = np.searchsorted(stretch, here)
            agree = np.flatnonzero(stretch[np.minimum(at, len(stretch) - 1)] == here)
            near.append(agree + place)
            first.append(at[agree] + start)
    return np.concatenate(near), np.concatenate(first)


def _bisect(column: Words, wanted: Words, first: Places, last: Places, *, right: bool) -> Places:
    """The place for each wanted number in its own sorted stretch [first, last); as many steps as the longest needs.

    Nearly every stretch is one long. A list made to have millions of equal halves costs some 20 steps.
    """
    first, last = first.copy(), last.copy()
    while len(open_ := np.flatnonzero(first < last)):
        middle = (first[open_] + last[open_]) // 2
        before = column[middle] <= wanted[open_] if right else column[middle] < wanted[open_]
        first[open_[before]] = middle[before] + 1
        last[open_[~before]] = middle[~before]
    return first


def _spread(places: Places, first: Places, last: Places, entries: Ids) -> Found:
    """One (place, entry) for each row of the stretches."""
    lengths = last - first
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    rows = np.arange(total) - np.repeat(ends - lengths - first, lengths)
    return np.repeat(places, lengths), entries[rows].astype(np.int64)


def _standing(descriptor: int) -> tuple[int, int]:
    """Size and time of the last write."""
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns
