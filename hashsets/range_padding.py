"""PURE: fills the answer about a prefix up with invented suffixes, so that its size tells nothing.

Of each set an answer has the same number of lines under every prefix, whether it holds no entry there or many; the
number follows from the size of the set alone, rounded up to a power of two. What fills up follows from a secret, the
set, the kind and the prefix, and from nothing else: it is the same at every version, so that what is in two answers
is no more likely to be real than the rest. Nobody without the secret tells it from a digest.
"""

import hashlib
import math
from uuid import UUID

PREFIX = 5  # hex digits, 20 bits: 1,048,576 prefixes
PREFIXES: int = 16**PREFIX
FEWEST = 1 << 16  # entries; sets below are of one class
STEP = 8  # lines


def lines_of(entries: int) -> int:
    """Lines of every answer of a set of so many entries.

    Digests fall on prefixes like rain: m of them on average under one, where the class is full. Six standard
    deviations and sixteen more are passed by none of a million prefixes.
    """
    full = 1 << (max(entries, FEWEST) - 1).bit_length()
    mean = full / PREFIXES
    return math.ceil((mean + 6 * math.sqrt(mean) + 16) / STEP) * STEP


def padded(real: set[str], *, entries: int, secret: bytes, of_set: UUID, kind: str, size: int, prefix: str) -> set[str]:
    """The real suffixes, all of them, and invented ones: `lines_of(entries)` together.

    `size`: bytes of a digest. A list made so that more begin alike has twice as many lines there, or four times.
    """
    lines = lines_of(entries)
    while lines < len(real):
        lines *= 2
    return filled(real, lines, seed=b"".join((secret, of_set.bytes, kind.encode(), prefix.encode())), size=size)


def filled(real: set[str], lines: int, *, seed: bytes, size: int) -> set[str]:
    """The same with so many lines; of what the seed invents the first that are needed, in their order."""
    found, width, wanted = set(real), 2 * size - PREFIX, lines
    while len(found) < lines:  # once: that an invented one is real, too, has a chance of one in 2^108
        noise = hashlib.shake_256(seed).digest(wanted * size)
        for start in range(0, len(noise), size):
            if len(found) < lines:
                found.add(noise[start : start + size].hex()[:width])
        wanted *= 2
    return found
