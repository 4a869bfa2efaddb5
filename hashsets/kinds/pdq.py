"""PDQ: 32 bytes; finds what looks alike, and never hides a file (security.md 2.5). PURE."""

import re

from hashsets.kinds.base import BadHash, HashKind, LowQuality
from workbench.perceptual import PDQ_MAX_DISTANCE, PDQ_MIN_QUALITY


class PDQ(HashKind):
    """See base. The values are made by the jail, from pixels and not from a stream of bytes."""

    id = "pdq"
    label = "PDQ"
    size = 32
    example = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
    max_distance = PDQ_MAX_DISTANCE
    half = 128, 2  # bits that are set: a hash is cut at its median; equal frequencies or another's rounding move a few

    def may_be(self, value: bytes) -> bool:
        """Whether half of the bits are set, as in the PDQ of every picture and in a quarter of all SHA-256."""
        whole, off = self.half
        return abs(int.from_bytes(value, "big").bit_count() - whole) <= off

    def parse(self, text: str) -> bytes:
        """The hash in `text`, behind which a comma and the quality of 0 to 100 may stand.

        Raises BadHash, and LowQuality where the quality says that the hash means nothing.
        """
        digits, comma, quality = text.partition(",")
        value = super().parse(digits)
        if not comma:
            return value
        if not re.fullmatch(r"\s*(100|[0-9]{1,2})\s*", quality, re.ASCII):
            raise BadHash(f"A PDQ quality is a number of 0 to 100: {quality[:80]!r}")
        if int(quality) < PDQ_MIN_QUALITY:
            raise LowQuality(f"A PDQ of quality {int(quality)}, below {PDQ_MIN_QUALITY}")
        return value
