"""Digital Forensics XML: the hashes of every `fileobject` (vics.md section 10). PURE.

Hashes of pieces (`byte_run`) and of what a file was before (`original_fileobject`) are not hashes of the file.
A document type is refused, and with it every entity; what XML lets grow without end has a limit here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.expatreader import DefusedExpatParser

from hashsets.exchange.base import HashRecord, MalformedDocument, ReadOptions, Report
from hashsets.exchange.peek import Peek
from hashsets.exchange.taking import Taker

_CHUNK = 1 << 16  # bytes
_MAX_DEPTH = 64  # elements in elements
_MAX_NAMES = 2000  # different names of elements and attributes; the parser remembers each
_MAX_QUIET = 1 << 20  # bytes of one tag or comment
_MAX_TEXT = 4096  # characters that are kept of one element
_ROOT = re.compile(r"<(?:[\w-]+:)?(?:dfxml|fiwalk)[\s>]")


class Dfxml:
    """See the module."""

    id = "dfxml"
    label = "DFXML"

    def sniff(self, peek: Peek) -> bool:
        """XML whose root is DFXML's."""
        return peek.text.lstrip().startswith("<") and bool(_ROOT.search(peek.text))

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        taker, files, fed = Taker(report, options), _Files(), 0
        parser = DefusedExpatParser(forbid_dtd=True)
        parser.setContentHandler(files)
        while True:
            data = stream.read(_CHUNK)
            _feed(parser, files, data, fed)
            fed += len(data)
            for found in files.taken():
                if record := _record(found, taker):
                    yield record
            if not data:
                return


def _record(file: _File, taker: Taker) -> HashRecord | None:
    if taker.leaves_out(file.name):
        return None
    return taker.take(file.hashes, size=file.size, place=f"fileobject {file.number}")


@dataclass(slots=True)
class _File:
    number: int  # 1-based, in the order of their beginnings
    depth: int
    name: str = ""
    size: str | None = None
    hashes: dict[str, str] = field(default_factory=dict)


class _Files(ContentHandler):
    """Collects the files that end in what was fed."""

    def __init__(self) -> None:
        super().__init__()
        self._whole: list[_File] = []
        self._begun = 0
        self.quiet = 0  # bytes fed since the last event
        self._open: list[_File] = []
        self._depth = 0
        self._names: set[str] = set()
        self._text: list[str] | None = None
        self._length = 0
        self._kind = ""

    def taken(self) -> list[_File]:
        """The files that ended since the last time."""
        whole, self._whole = self._whole, []
        return whole

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 as the interface has it
        """See ContentHandler."""
        self.quiet = 0
        self._depth += 1
        self._names.update((name, *attrs.getNames()))
        if self._depth > _MAX_DEPTH or len(self._names) > _MAX_NAMES:
            raise SAXException("deeper or more manifold than any honest list")
        local = name.rpartition(":")[2]
        if local == "fileobject":
            self._begun += 1
            self._open.append(_File(self._begun, self._depth))
        elif self._open and self._depth == self._open[-1].depth + 1 and local in {"hashdigest", "filesize", "filename"}:
            self._text, self._length = [], 0
            self._kind = str(attrs.get("type", "")).lower().replace("-", "") if local == "hashdigest" else local

    def characters(self, content: str) -> None:
        """See ContentHandler."""
        self.quiet = 0
        if self._text is not None and self._length < _MAX_TEXT:
            self._text.append(content)
            self._length += len(content)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802 as the interface has it
        """See ContentHandler."""
        self.quiet = 0
        if self._open and self._depth == self._open[-1].depth:
            self._whole.append(self._open.pop())
        elif self._text is not None and self._depth == self._open[-1].depth + 1:
            self._keep(self._open[-1], "".join(self._text)[:_MAX_TEXT].strip())
            self._text = None
        self._depth -= 1

    def _keep(self, file: _File, text: str) -> None:
        if self._kind == "filename":
            file.name = text
        elif self._kind == "filesize":
            file.size = text
        elif self._kind in {"md5", "sha1", "sha256"}:
            file.hashes[self._kind] = text


def _feed(parser: DefusedExpatParser, files: _Files, data: bytes, fed: int) -> None:
    """Give the parser more, or its end; every fault is MalformedDocument."""
    files.quiet += len(data)
    if files.quiet > _MAX_QUIET:
        raise MalformedDocument(fed, "one tag or comment is longer than any honest one")
    try:
        parser.feed(data) if data else parser.close()
    except SAXParseException as error:
        raise MalformedDocument(fed, f"not XML in line {error.getLineNumber()} ({error.getMessage()}); read") from None
    except DTDForbidden:
        raise MalformedDocument(fed, "a document type, which no list needs, stands here: refused") from None
    except (SAXException, DefusedXmlException, ValueError, LookupError) as error:
        raise MalformedDocument(fed, f"not XML that can be read ({error}); read") from None
