"""Lists that md5sum, sha1sum, sha256sum, md5deep and their like print: one `hash  name` a line. PURE.

Both the GNU form (a star before the name of a file read as binary, a back-slash before a line whose name is
escaped, a size before the hash) and the BSD form `MD5 (name) = hash`. The length tells the kind; kinds that
no entry can stand by are counted as "other-kind". coreutils manual, "md5 invocation"; md5deep manual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from hashsets import kinds
from hashsets.exchange.base import HashRecord, ReadOptions, Report
from hashsets.exchange.csv_rows import lines
from hashsets.exchange.peek import Peek
from hashsets.exchange.taking import Taker
from hashsets.exchange.text_source import TextSource

_GNU = re.compile(r"\\?(?:\s*(?P<size>\d{1,19})\s{1,2})?(?P<hash>[0-9A-Fa-f]{32,128})[ \t][ *](?P<name>.+)")
BSD = re.compile(r"\\?(?P<kind>[A-Za-z0-9/-]{2,12}) ?\((?P<name>.+)\) ?= ?(?P<hash>[0-9A-Fa-f]{32,128})\s*")
_LONGEST = 70_000  # characters; a path has 4,096 bytes, every one of which may be escaped


class Checksums:
    """See the module."""

    id = "checksums"
    label = "md5sum, sha1sum, sha256sum"

    def sniff(self, peek: Peek) -> bool:
        """One of the first lines is of one of the two forms."""
        return any(_parsed(line) for line in peek.lines)

    def read(self, stream: BinaryIO, report: Report, options: ReadOptions) -> Iterator[HashRecord]:
        """See ListFormat."""
        report.format = self.id
        taker = Taker(report, options)
        for number, line in enumerate(lines(TextSource(stream, report)), 1):
            if line is not None and (not line.strip() or line.startswith("#")):
                continue
            if record := _record(line, taker, f"line {number}"):
                yield record


def is_of(kind: kinds.Digest | None, said: str) -> bool:
    """Whether a tool calls the kind so: `SHA256`, `sha-256`, `SHA2-256`, `md5sum`."""
    name = said.lower().replace("-", "").removesuffix("sum")
    return kind is not None and name in {kind.id, kind.id.replace("sha", "sha2", 1)}


def _parsed(line: str) -> re.Match[str] | None:
    return _GNU.fullmatch(line) or BSD.fullmatch(line) if len(line) <= _LONGEST else None


def _record(line: str | None, taker: Taker, place: str) -> HashRecord | None:
    found = _parsed(line) if line is not None else None
    if found is None:
        taker.pass_over("too-long" if line is None else "not-a-row", place)
        return None
    said = found.groupdict()
    kind = kinds.BY_LENGTH.get(len(said["hash"]))
    if kind is None or not is_of(kind, said.get("kind", kind.id)):
        taker.pass_over("other-kind", place)
        return None
    if taker.leaves_out(said["name"]):
        return None
    return taker.take({kind.id: said["hash"]}, size=said.get("size"), place=place)
