"""PURE: asks a filter file, mapped read-only into memory, about many digests at once."""

import hashlib
import mmap
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hashsets.compact import bits, layout
from hashsets.compact.layout import KINDS, UnusableFilter

PIECE = 1 << 16  # digests looked at together


class Filter:
    """A filter file, checked from its first to its last byte."""

    def __init__(self, path: Path) -> None:
        """Map it. Raises UnusableFilter, OSError."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            self.header = layout.read(file.read(layout.SIZE), size)
            mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
        self._bits = np.frombuffer(mapped, np.uint8, offset=layout.SIZE)
        if hashlib.sha256(self._bits.data).digest() != self.header.digest:
            raise UnusableFilter

    def may_hold(self, digests: bytes) -> NDArray[np.bool_]:
        """Of each digest, one behind the other: False where no entry has it, True where perhaps one does."""
        asked = bits.keys(digests, KINDS[self.header.kind])
        pieces = [self._some(asked[start : start + PIECE]) for start in range(0, len(asked), PIECE)]
        return np.concatenate(pieces) if pieces else np.empty(0, np.bool_)

    def _some(self, asked: bits.Keys) -> NDArray[np.bool_]:
        return bits.found(self._bits, asked, self.header.hashes)
