"""Sorts the plain records of a list by MD5 on disk, in constant memory, and sets aside what has company. PURE.

What goes into the database in order is indexed at half the cost, and records whose hash comes once need no
further look. The file has no name: whatever happens to the process, nothing is left behind.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from hashsets.exchange.plain import NO_ROWS, ROW, Rows

RUN = 150_000  # rows sorted in memory at once; 64 bytes each
RANGE = 100_000  # rows given out at once, about
CROWDED = 4 * RUN  # rows of one bucket beyond which it is not sorted: somebody made them alike
BUCKETS = 1024  # by the first bits of a hash
ELSEWHERE = -1  # the code of a row that only says: a record with this hash is kept elsewhere
_SHIFT = np.uint64(54)
_WHOLE = np.dtype(("V", ROW.itemsize))

Heads = npt.NDArray[np.uint64]


class Sorted(NamedTuple):
    """Part of the list: rows whose hash comes once, by MD5; and those that may have company, in any order."""

    alone: Rows
    contested: Rows


class SortedRows:
    """All plain rows of a list, in a file of its own below `folder`. `len()` is the number of rows."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 closed by __exit__
        self._runs: list[tuple[int, npt.NDArray[np.int64]]] = []  # offset of a run in rows; where its buckets begin
        self._waiting: list[Rows] = []
        self._number_waiting = self._written = self._elsewhere = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._written + self._number_waiting - self._elsewhere

    def add(self, rows: Rows) -> None:
        """Take rows; their `position` must be unique in the list."""
        self._waiting.append(rows)
        self._number_waiting += len(rows)
        if self._number_waiting >= RUN:
            self._write_run()

    def note(self, idents: Iterable[bytes]) -> None:
        """Rows with one of these hashes are contested: another record has it, too."""
        rows = np.zeros(len(found := list(idents)), ROW)
        rows["md5"] = np.frombuffer(b"".join(ident[:16] for ident in found), "V16")
        rows["code"] = ELSEWHERE
        self._elsewhere += len(rows)
        self.add(rows)

    def parts(self) -> Iterator[Sorted]:
        """Everything, in ascending order of hashes; may be asked for again."""
        if self._number_waiting:
            self._write_run()
        if not self._runs:
            return
        sizes = np.sum([np.diff(edges) for _offset, edges in self._runs], axis=0)
        first = 0
        while first < BUCKETS:
            last, size = first + 1, int(sizes[first])
            while last < BUCKETS and size + sizes[last] <= RANGE:
                size += int(sizes[last])
                last += 1
            if size > CROWDED:
                yield from self._unsorted(first, last)
            elif size:
                yield self._sorted(first, last)
            first = last

    def _write_run(self) -> None:
        rows = _joined(self._waiting)
        self._waiting.clear()
        self._number_waiting = 0
        keys = heads(rows)
        order = np.argsort(keys)
        edges = np.searchsorted(keys[order] >> _SHIFT, np.arange(BUCKETS + 1, dtype=np.uint64))
        self._runs.append((self._written, edges))
        self._written += len(rows)
        self._file.seek(0, 2)
        self._file.write(_chosen(rows, order).data)

    def _slices(self, first: int, last: int) -> Iterator[Rows]:
        """The rows of some buckets, run by run."""
        for offset, edges in self._runs:
            start, number = offset + int(edges[first]), int(edges[last] - edges[first])
            if number:
                self._file.seek(start * ROW.itemsize)
                yield np.frombuffer(self._file.read(number * ROW.itemsize), ROW)

    def _sorted(self, first: int, last: int) -> Sorted:
        rows = _joined(list(self._slices(first, last)))
        order = np.argsort(keys := heads(rows))
        rows, keys = _chosen(rows, order), keys[order]
        same = keys[1:] == keys[:-1]
        if not same.any() and (rows["code"] != ELSEWHERE).all():
            return Sorted(rows, rows[:0])
        company = np.zeros(len(rows), bool)
        company[1:] |= same
        company[:-1] |= same
        here = rows["code"] != ELSEWHERE
        return Sorted(_chosen(rows, here & ~company), _chosen(rows, here & company))

    def _unsorted(self, first: int, last: int) -> Iterator[Sorted]:
        for rows in self._slices(first, last):
            yield Sorted(NO_ROWS, rows[rows["code"] != ELSEWHERE])


def _joined(parts: list[Rows]) -> Rows:
    return np.concatenate([part.view(_WHOLE) for part in parts]).view(ROW)


def _chosen(rows: Rows, which: npt.NDArray[Any]) -> Rows:
    """Some rows, copied as a whole each: field by field it takes five times as long."""
    found: Rows = rows.view(_WHOLE)[which].view(ROW)
    return found


def heads(rows: Rows) -> Heads:
    """The first 8 bytes of every MD5, as a number that sorts alike."""
    return np.ascontiguousarray(rows["md5"]).view(">u8")[::2].astype(np.uint64)
