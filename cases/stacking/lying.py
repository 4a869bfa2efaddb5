"""PURE: how pictures lie beside another one, by their PDQ: as they are, turned or mirrored."""

from collections.abc import Sequence

import numpy as np

from cases.stacking.gathering import TURNED
from hashsets.near import dihedral
from hashsets.near.tables import BYTES

Lie = tuple[int, bytes | None]  # variant of hashsets.near.dihedral, and the hash as it lies; 0 and None: as it is


def beside(frame: bytes | None, hashes: Sequence[bytes | None]) -> list[Lie]:
    """How each picture lies to one whose hash is `frame`: as it is where a hash is missing or nothing near enough."""
    return [_lie(frame, value) if frame and value else (0, None) for value in hashes]


def _lie(frame: bytes, value: bytes) -> Lie:
    variants = dihedral.variants(np.frombuffer(value, dtype=np.uint8).reshape(1, BYTES))[0]
    bits = np.bitwise_count(variants ^ np.frombuffer(frame, dtype=np.uint8)).sum(axis=1)
    nearest = int(bits.argmin())
    if nearest == 0 or bits[nearest] > TURNED:
        return 0, None
    return nearest, variants[nearest].tobytes()
