"""PURE: the hashes that a picture would have when turned or mirrored, from its PDQ hash alone.

Turning or mirroring a picture transposes its 16 x 16 frequencies and changes the sign of every second row or column.
A bit says whether a frequency lies above their median, which is near zero: so a changed sign is a changed bit, but for
the few frequencies between the median and its negative.
"""

import numpy as np

from hashsets.near.tables import Bytes

SIDE = 16  # frequencies across and down
VARIANTS = 8  # as it is, turned left by 90, 180 and 270 degrees, upside down, transposed, mirrored, transverse


def variants(hashes: Bytes) -> Bytes:
    """n x 8 x 32: of each hash itself first, then the other seven, in the order of `jail.pdq.Fingerprint.dihedral`."""
    plain = np.unpackbits(hashes, axis=1)[:, ::-1].reshape(-1, SIDE, SIDE)  # vertical frequencies downwards
    other = plain.transpose(0, 2, 1)
    odd = (np.arange(SIDE) % 2 == 0).astype(np.uint8)  # the first frequency is 1: half a wave over the picture
    down, across = odd[:, None], odd[None, :]
    turned = (plain, other ^ down, plain ^ down ^ across, other ^ across)
    mirrored = (plain ^ down, other, plain ^ across, other ^ down ^ across)
    bits = np.stack([*turned, *mirrored], axis=1).reshape(len(hashes), VARIANTS, SIDE * SIDE)
    return np.packbits(bits[:, :, ::-1], axis=2)
