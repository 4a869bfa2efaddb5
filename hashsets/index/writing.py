"""Writes an index file: under a temporary name, synced, and only then under its own.

PURE. The same entries give the same bytes, whoever writes and however often.
"""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from hashsets import caches
from hashsets.index.layout import KINDS, WORD, Header
from hashsets.index.sorting import Records, Sorter
from workbench import durable

_COLUMNS = 3


class Draft:
    """A file that is being made; inside `with`. What was not put in its place is gone afterwards."""

    def __init__(self, folder: Path) -> None:
        self.path = caches.draft(folder)
        self._parts = self.path.with_name(f"{self.path.name}.parts")
        self.sorters = {kind: Sorter(self._parts / kind) for kind in KINDS}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.path.unlink(missing_ok=True)
        caches.remove(self._parts)

    def add(self, kind: str, records: bytes) -> None:
        """Take records of 24 bytes: 16 of a digest, 8 of an entry's id, as PostgreSQL's int8send writes it."""
        numbers = np.frombuffer(records, dtype=">u8").astype(np.uint64)
        self.sorters[kind].add(numbers.reshape(-1, _COLUMNS))

    def write(
        self, *, of_set: UUID, base: int, generation: int, secret: bytes, ended: NDArray[np.int64] | None = None
    ) -> Header:
        """Write all that was added, and make it durable under the temporary name. Raises OSError."""
        ids = np.sort(ended) if ended is not None else np.empty(0, dtype=np.int64)
        counts = {kind: sorter.count for kind, sorter in self.sorters.items()}
        header = Header(of_set, base, generation, counts, len(ids))
        with durable.new_file(self.path) as file:
            file.truncate(header.size)
            for kind, sorter in self.sorters.items():
                _write_columns(file, header.start(kind), sorter.count, sorter.blocks())
            _put(file, header.ended_start, ids.astype("<i8").tobytes())
            file.flush()
            header = header.with_digest_of(file)
            _put(file, 0, header.packed(secret))
        return header

    def place(self, final: Path) -> None:
        """Give the file its own name, durably."""
        durable.place(self.path, final)


def _write_columns(file: BinaryIO, start: int, count: int, blocks: Iterable[Records]) -> None:
    """Write sorted blocks as three columns of `count` words from `start` on."""
    done = 0
    for block in blocks:
        for column in range(_COLUMNS):
            _put(file, start + WORD * (column * count + done), block[:, column].astype("<u8").tobytes())
        done += len(block)


def _put(file: BinaryIO, place: int, data: bytes) -> None:
    file.seek(place)
    file.write(data)
