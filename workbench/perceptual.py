"""PURE: what those who make perceptual hashes and those who compare them agree on. vics.md section 7."""

PDQ_MAX_DISTANCE = 31  # bits of 256 by which two pictures that look alike may differ
PDQ_MIN_QUALITY = 50  # of 100; below it a hash says nothing and is none


def distance(one: bytes, other: bytes) -> int:
    """Differing bits of two hashes of equal length."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
