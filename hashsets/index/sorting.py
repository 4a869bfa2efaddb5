"""Sorts more keys than memory should hold: by distribution into files, digit by digit.

PURE. PostgreSQL's own ORDER BY costs some five times as much CPU, and its rows have to be fetched one by one
(decision 0010). A record is three numbers: the high and low half of a key, and an entry's id.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

MOST = 1 << 20  # records held in memory, 24 MiB
PARTS = 256  # files that one digit distributes to
DIGITS = 24  # bytes of a record
SIZE = 24  # bytes of a record

Records = NDArray[np.uint64]  # (n, 3)


class Sorter:
    """Takes records in any order and yields them sorted; equal keys by id. What it spills lies in `folder`."""

    def __init__(self, folder: Path, most: int = MOST, digit: int = 0) -> None:
        self.count = 0
        self._folder = folder
        self._most = most
        self._digit = digit
        self._held: list[Records] = []
        self._holding = 0
        self._spilled = False

    def add(self, records: Records) -> None:
        """Take an array of records."""
        self.count += len(records)
        self._held.append(records)
        self._holding += len(records)
        if self._holding > self._most and self._digit < DIGITS:
            self._spill()

    def blocks(self) -> Iterator[Records]:
        """Yield all records in order, in arrays of at most about `most`."""
        if not self._spilled:
            yield _in_order(self._taken())
            return
        self._spill()
        for part in range(PARTS):
            path = self._folder / f"{part:02x}"
            if path.exists():
                yield from self._part(path)
                path.unlink()

    def _part(self, path: Path) -> Iterator[Records]:
        """What begins with one digit; too much of it is distributed by the next one."""
        if path.stat().st_size <= self._most * SIZE:
            yield _in_order(np.fromfile(path, dtype=np.uint64).reshape(-1, 3))
            return
        finer = Sorter(path.with_name(f"{path.name}.parts"), self._most, self._digit + 1)
        with path.open("rb") as file:
            while block := _read(file, self._most):
                finer.add(np.frombuffer(block, dtype=np.uint64).reshape(-1, 3))
        yield from finer.blocks()

    def _spill(self) -> None:
        """Append what is held to the files of its digit."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        records = self._taken()
        word, place = divmod(self._digit, 8)
        digits = (records[:, word] >> np.uint64(56 - 8 * place)).astype(np.uint8)
        records = records[np.argsort(digits, kind="stable")]
        ends = np.cumsum(np.bincount(digits, minlength=PARTS))
        for part, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            if start < end:
                with (self._folder / f"{part:02x}").open("ab") as file:
                    file.write(records[start:end].tobytes())
        self._spilled = True

    def _taken(self) -> Records:
        records = np.concatenate(self._held) if self._held else np.empty((0, 3), dtype=np.uint64)
        self._held, self._holding = [], 0
        return records


def _in_order(records: Records) -> Records:
    """Sorted by the first number, which seldom repeats; only where it does are the others looked at."""
    records = records[np.argsort(records[:, 0])]
    same = np.flatnonzero(records[1:, 0] == records[:-1, 0])
    if len(same):
        rows = np.union1d(same, same + 1)
        among = records[rows]
        records[rows] = among[np.lexsort((among[:, 2], among[:, 1], among[:, 0]))]
    return records


def _read(file: BinaryIO, records: int) -> bytes:
    return file.read(records * SIZE)
