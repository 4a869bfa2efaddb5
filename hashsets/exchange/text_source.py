"""Bytes of a document to text: gzip, byte order marks, UTF-16; a megabyte at a time. PURE.

vics.md section 8 rule 1: the BOM decides, else the NUL pattern of the first four bytes, else UTF-8.
Bytes that are not UTF-8 become lone surrogates (`surrogateescape`), so that the original can be kept
exactly; `cleaning` makes text of them.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from hashsets.exchange.base import MalformedDocument, Report

CHUNK = 1 << 20  # bytes
MAX_GZIP_RATIO = 200  # hash lists reach 3 to 30; more is a bomb
GZIP_SLACK = 64 << 20  # bytes for which the ratio is not asked
GZIP = b"\x1f\x8b"
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ESCAPED = re.compile("[\udc80-\udcff]")


class TextSource:
    """The text of a byte stream in chunks; knows how many bytes any text took."""

    def __init__(self, stream: BinaryIO, report: Report, codec: str = "") -> None:
        """`codec`: what the format prescribes, where bytes cannot tell; a byte order mark is stronger."""
        self._report = report
        self._bytes = unpacked(stream)
        head = next(self._bytes, b"")
        bom, self.codec = sniff_encoding(head)
        self.codec = self.codec if bom or not codec else codec
        self.start = len(bom)  # bytes before the first character
        report.encoding = self.codec + ("-bom" if bom else "")
        self._errors = "surrogateescape" if self.codec == "utf-8" else "strict"
        self._head = head[len(bom) :]

    def chunks(self) -> Iterator[str]:
        """The whole text, never a character cut in two. Raises MalformedDocument."""
        decoder = codecs.getincrementaldecoder(self.codec)(self._errors)
        seen = self.start + len(self._head)
        try:
            yield self._checked(decoder.decode(self._head))
            for data in self._bytes:
                seen += len(data)
                yield self._checked(decoder.decode(data))
            yield self._checked(decoder.decode(b"", final=True))
        except UnicodeDecodeError as error:
            raise MalformedDocument(seen - len(error.object) + error.start, f"not {self.codec}") from None

    def bytes_of(self, text: str) -> int:
        """How many bytes of the document `text` was."""
        return len(text) if self.codec == "utf-8" and text.isascii() else len(self.encode(text))

    def encode(self, text: str) -> bytes:
        """The document's own bytes of `text`."""
        return text.encode(self.codec, self._errors)

    def _checked(self, text: str) -> str:
        if not text.isascii() and _ESCAPED.search(text):
            self._report.warn("not-utf8", "some bytes are no UTF-8; shown as \ufffd")
        return text


def sniff_encoding(head: bytes) -> tuple[bytes, str]:
    """The byte order mark (b"" when none) and the codec."""
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return bom, codec
    nuls = [byte == 0 for byte in head[:4]]
    if nuls == [False, True, False, True]:
        return b"", "utf-16-le"
    if nuls == [True, False, True, False]:
        return b"", "utf-16-be"
    return b"", "utf-8"


def peeked_text(head: bytes) -> str:
    """What can be read of the first bytes of a document, to tell formats apart; never raises."""
    if head.startswith(GZIP):
        try:
            head = zlib.decompressobj(31).decompress(head, 4096)
        except zlib.error:
            return ""
    bom, codec = sniff_encoding(head)
    return head[len(bom) :].decode(codec, "replace")


def read_up_to(stream: BinaryIO, size: int) -> bytes:
    """`size` bytes, fewer only at the end; a socket may give single ones."""
    found = stream.read(size)
    while 0 < len(found) < size and (more := stream.read(size - len(found))):
        found += more
    return found


def unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """The stream's bytes in chunks, gzip undone where its magic stands."""
    first = stream.read(CHUNK)
    while 0 < len(first) < 4 and (more := stream.read(CHUNK)):  # a socket may give single bytes
        first += more
    yield from _gunzip(first, stream) if first.startswith(GZIP) else _plain(first, stream)


def _plain(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    while first:
        yield first
        first = stream.read(CHUNK)


def _gunzip(data: bytes, stream: BinaryIO) -> Iterator[bytes]:
    inflate, taken, made = zlib.decompressobj(31), len(data), 0
    while True:
        try:
            out = inflate.decompress(data, CHUNK)
        except zlib.error:
            raise MalformedDocument(made, "the gzip data is damaged") from None
        made += len(out)
        if made > MAX_GZIP_RATIO * taken + GZIP_SLACK:
            raise MalformedDocument(made, "unpacks to absurd size")
        if out:
            yield out
        data = inflate.unconsumed_tail
        if inflate.eof:  # one member ended; another may follow
            data = inflate.unused_data.lstrip(b"\0") or stream.read(CHUNK)
            if not data:
                return
            inflate = zlib.decompressobj(31)
        elif not data and not out:
            data = stream.read(CHUNK)
            taken += len(data)
            if not data:
                raise MalformedDocument(made, "the gzip data is cut off")
