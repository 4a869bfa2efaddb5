"""PURE: which bits stand for a digest, set and tested for many digests at once.

A digest is uniform already, so its own bytes are the hash functions: the first eight are where to begin (`a`), the next
eight how far to step (`b`); the i-th bit is ((a + i b) mod 2^64) mod m (Kirsch and Mitzenmacher, "Less hashing, same
performance", 2006).
"""

import numpy as np
from numpy.typing import NDArray

KEY = 16  # bytes of a digest that count
Bits = NDArray[np.uint8]  # eight to a byte, the first is the least
Keys = NDArray[np.uint64]  # (n, 2): a and b


def keys(digests: bytes, size: int) -> Keys:
    """Of digests of `size` bytes, one behind the other."""
    rows = np.frombuffer(digests, np.uint8).reshape(-1, size)
    return np.ascontiguousarray(rows[:, :KEY]).view(">u8").astype(np.uint64)


def mark(bits: Bits, asked: Keys, hashes: int) -> None:
    """Set every bit of these digests."""
    for number in range(hashes):
        _set(bits, *_places(asked, number, len(bits)))


def found(bits: Bits, asked: Keys, hashes: int) -> NDArray[np.bool_]:
    """Of each digest whether all its bits are set. Those that miss one are not looked at again."""
    left = np.arange(len(asked))
    for number in range(hashes):
        bytes_, in_byte = _places(asked[left], number, len(bits))
        left = left[(bits[bytes_] >> in_byte) & 1 == 1]
    answer = np.zeros(len(asked), np.bool_)
    answer[left] = True
    return answer


def _places(asked: Keys, number: int, size: int) -> tuple[NDArray[np.int64], Bits]:
    """The byte and the bit in it; sums wrap at 2^64 by themselves."""
    place = (asked[:, 0] + np.uint64(number) * asked[:, 1]) % np.uint64(8 * size)
    return (place >> np.uint64(3)).astype(np.int64), (place & np.uint64(7)).astype(np.uint8)


def _set(bits: Bits, bytes_: NDArray[np.int64], in_byte: Bits) -> None:
    """Bit by bit of a byte: two digests that meet in one then write the same."""
    for bit in range(8):
        bits[bytes_[in_byte == bit]] |= np.uint8(1 << bit)
