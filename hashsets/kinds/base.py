"""What a hash kind is: an algorithm, the length of its values, and their normal form.

PURE. Inside Winnow a hash is bytes; text exists only at the edges (files, pages, logs) and is then
lower-case hex. vics.md sections 3 and 7.
"""

from __future__ import annotations

import hashlib
from typing import ClassVar, Protocol

from workbench.errors import WorkbenchError
from workbench.perceptual import distance


class BadHash(WorkbenchError):
    """This is not a hash of its kind. Check that the value is whole and of the right length."""

    code = "bad-hash"


class EmptyFileHash(WorkbenchError):
    """This is the digest of a file of zero bytes, which can never be an entry or a match."""

    code = "zero-length"


class LowQuality(WorkbenchError):
    """The picture is too flat for its hash to say anything. Leave the hash out."""

    code = "low-quality"


class Hasher(Protocol):
    """What one read of the bytes feeds."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class HashKind:
    """An algorithm whose values are compared bit by bit. A new kind sets the class attributes."""

    id: ClassVar[str]  # stored and shown everywhere
    label: ClassVar[str]
    size: ClassVar[int]  # bytes of one value
    example: ClassVar[str]  # a value in normal form
    max_distance: ClassVar[int] = 0  # bits by which two values may differ and still match

    def parse(self, text: str) -> bytes:
        """The value in `text`: hex in either case, blanks around it allowed. Raises BadHash for anything else."""
        try:
            value = bytes.fromhex(text)
        except ValueError:
            raise BadHash(f"Not a {self.label}: {text[:80]!r}") from None
        if len(value) != self.size or len(text.strip()) != 2 * self.size:
            raise BadHash(f"A {self.label} has {2 * self.size} hex digits: {text[:80]!r}")
        return value

    def text(self, value: bytes) -> str:
        """The normal form: lower-case hex."""
        return value.hex()

    def may_be(self, _value: bytes) -> bool:
        """Whether so many bytes of unknown kind may be one of these, by their look."""
        return True

    def distance(self, one: bytes, other: bytes) -> int:
        """Bits that differ."""
        return distance(one, other)


class Digest(HashKind):
    """One exact digest, fed as a stream; `id` is hashlib's name, `example` the digest of b"winnow"."""

    empty: ClassVar[bytes]  # the digest of zero bytes; vics.md section 7

    def parse(self, text: str) -> bytes:
        """As above; raises EmptyFileHash for the digest of zero bytes."""
        value = super().parse(text)
        if value == self.empty:
            raise EmptyFileHash(f"The {self.label} of a file of zero bytes")
        return value

    def hasher(self) -> Hasher:
        """A fresh running digest."""
        return hashlib.new(self.id, usedforsecurity=False)
