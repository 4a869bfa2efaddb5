"""PURE: veiled pictures on the wire, as one binary answer or as text within JSON."""

import base64
import struct
from collections.abc import Iterable


def packed(parts: Iterable[bytes]) -> bytes:
    """Parts one after the other, each behind its length as four big-endian bytes; an empty one is a length of 0."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def as_text(veil: bytes | memoryview | None) -> str:
    """A veil in base64, "" for none."""
    return base64.b64encode(bytes(veil)).decode() if veil else ""
