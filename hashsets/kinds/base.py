"""What a hash kind is: an algorithm, the length of its values, and their normal form.

PURE. Inside Winnow a hash is bytes; text exists only at the edges (files, pages, logs) and is then
lower-case hex. vics.md sections 3 and 7.
"""

from __future__ import annotations

import hashlib
from typing import ClassVar, Protocol

from workbench.errors import WorkbenchError


class BadHash(WorkbenchError):
    """This is not a hash of its kind. Check that the value is whole and of the right length."""

    code = "bad-hash"


class EmptyFileHash(WorkbenchError):
    """This is the digest of a file of zero bytes, which can never be an entry or a match."""

    code = "zero-length"


class Hasher(Protocol):
    """What one read of the bytes feeds."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


class HashKind:
    """One exact digest, fed as a stream.

    A new kind sets the class attributes; `id` is hashlib's name, stored and shown everywhere.
    """

    id: ClassVar[str]
    label: ClassVar[str]
    size: ClassVar[int]  # bytes of one value
    example: ClassVar[str]  # the digest of b"winnow", in normal form
    empty: ClassVar[bytes]  # the digest of zero bytes; vics.md section 7

    def parse(self, text: str) -> bytes:
        """The value in `text`: hex in either case, blanks around it allowed.

        Raises BadHash for anything else, EmptyFileHash for the digest of zero bytes.
        """
        try:
            value = bytes.fromhex(text)
        except ValueError:
            raise BadHash(f"Not a {self.label}: {text[:80]!r}") from None
        if len(value) != self.size or len(text.strip()) != 2 * self.size:
            raise BadHash(f"A {self.label} has {2 * self.size} hex digits: {text[:80]!r}")
        if value == self.empty:
            raise EmptyFileHash(f"The {self.label} of a file of zero bytes")
        return value

    def text(self, value: bytes) -> str:
        """The normal form: lower-case hex."""
        return value.hex()

    def hasher(self) -> Hasher:
        """A fresh running digest."""
        return hashlib.new(self.id, usedforsecurity=False)
