"""PURE: the tables of an exact search among 256-bit hashes (stack.md section 1, "Near look-up").

A hash is 16 chunks of 16 bits. Two hashes that differ in at most 31 bits have a chunk that differs in at most one bit:
were it two or more in each of the 16, they would differ in 32. So 17 places of each of 16 tables hold every neighbour.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BYTES = 32  # of a hash
CHUNKS = 16  # of 16 bits
KEYS = 1 << 16  # values of a chunk
FEWEST = 4096  # hashes; fewer are compared one by one, which costs no more than the tables

Bytes = NDArray[np.uint8]  # n x 32: hashes, most significant byte first
Numbers = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Tables:
    """Where hashes with a given chunk are. One row each for the 16 chunks.

    `first` (16 x 65,537): the hashes whose chunk is k lie at first[k] .. first[k + 1]. `hashes` (16 x n): their
    numbers in that order. `next` (16 x n): the two chunks that follow, of each of them.
    """

    first: Numbers
    hashes: Numbers
    next: Numbers


def chunks(hashes: Bytes) -> NDArray[np.uint16]:
    """The n x 16 chunks of n x 32 bytes."""
    found: NDArray[np.uint16] = np.ascontiguousarray(hashes).view(">u2").astype(np.uint16)
    return found


def following(parts: NDArray[np.uint16], chunk: int) -> Numbers:
    """The two chunks behind `chunk`, of each hash; the first follows the last."""
    one, two = parts[:, (chunk + 1) % CHUNKS], parts[:, (chunk + 2) % CHUNKS]
    found: Numbers = one.astype(np.uint32) << np.uint32(16) | two
    return found


def build(hashes: Bytes) -> Tables:
    """The tables of n hashes: 128 bytes each and 4 MiB. About 0.7 s of CPU for a million."""
    number = len(hashes)
    first = np.zeros((CHUNKS, KEYS + 1), dtype=np.uint32)
    order, behind = (np.empty((CHUNKS, number), dtype=np.uint32) for _ in range(2))
    parts = chunks(hashes)
    for chunk in range(CHUNKS):
        order[chunk] = np.argsort(parts[:, chunk], kind="stable")
        behind[chunk] = following(parts, chunk)[order[chunk]]
        np.cumsum(np.bincount(parts[:, chunk], minlength=KEYS), out=first[chunk, 1:])
    return Tables(first, order, behind)
