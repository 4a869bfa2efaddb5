"""Hashes in pasted text, each with the name beside it. PURE.

One or more a line, with a name behind them or not; as md5sum, sha1sum and md5deep print them (`hash  name`,
`hash *name`, a size before it), as BSD and OpenSSL do (`MD5 (name) = hash`), Get-FileHash (`SHA256  hash  path`) and
hashdeep; and CSV with or without a header. A line is never split inside a name, and what is no hash is told with its
line, never taken for one nobody knows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hashsets import kinds
from hashsets.exchange.checksums import BSD, is_of
from hashsets.exchange.csv_list import HASH_COLUMNS, named
from hashsets.exchange.csv_rows import is_passed, separator_of
from hashsets.exchange.peek import column_name
from workbench.words import gettext as _
from workbench.words import noop

PDQ_PREFIX = "pdq:"  # before 64 digits that are no SHA-256
LONGEST = 70_000  # characters of a line that is more than hashes; a path has 4,096 bytes, and all may be escaped
SHOWN = 200  # characters kept of a name, or of what is no hash
NO_HASH = noop("not a hash")
OTHER_KIND = noop("a hash of a kind that no set holds")

_ASKED = HASH_COLUMNS | {"pdq"}
_END = re.compile(r"\r\n|\n|\r")
_DIGITS = re.compile(r"[0-9A-Fa-f]+")
_PDQ = re.compile(r"(?:pdq:)?[0-9A-Fa-f]{64} ?, ?[0-9]{1,3}")  # with its quality
_LIKE_A_HASH = re.compile(r"[0-9A-Fa-f]{32}")
_SIZE = re.compile(r"[0-9]{1,19}[ \t]+")  # before the hash; md5deep -z
_LABEL = re.compile(r"(?P<kind>md5|sha-?1|sha-?256)(?:[ \t]*[:=])?[ \t]+(?=[0-9A-Fa-f]{32})", re.IGNORECASE)
_DEEP, _DEEP_MAGIC = "%%%%", "%%%% HASHDEEP-"
_NAMES = frozenset({"name", "filename", "file", "path", "filepath", "fullpath", "relativepath"})


@dataclass(frozen=True, slots=True)
class Pasted:
    """A hash as it was typed, or with a `problem` what stands in its place. `line` counts from 1."""

    line: int
    text: str
    name: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Columns:
    """What the cells of a line are: as `csv_list.header` names them, or "name"."""

    names: Sequence[str]
    separator: str
    name_last: bool = False  # hashdeep: the last cell is the name, commas and all

    def cells(self, line: str) -> list[str]:
        return line.split(",", len(self.names) - 1) if self.name_last else _cells(line, self.separator)


def read(text: str) -> Iterator[Pasted]:
    """Yield every hash, and every line without one, in the order of the text; blank lines and comments are passed."""
    columns: _Columns | None = None
    for number, line in enumerate(_END.split(text.removeprefix("\ufeff")), 1):
        if line.startswith(_DEEP_MAGIC) or is_passed(line):
            continue
        if heading := _heading(line):
            columns = heading
            continue
        for found, name, problem in _row(line, columns):
            yield Pasted(number, found, name[:SHOWN], problem)


_Found = tuple[str, str, str]  # the hash, its name, its problem


def _row(line: str, columns: _Columns | None) -> list[_Found]:
    tokens = line.split()
    if all(map(_is_hash, tokens)):
        return [(token, "", "") for token in tokens]
    if len(line) > LONGEST:
        return [(line[:SHOWN], "", _("too long a line"))]
    if columns and columns.separator in line and (found := _by_columns(columns.cells(line), columns.names)):
        return found
    return _as_printed(line.strip()) or _by_cells(line) or [(line.strip()[:SHOWN], "", NO_HASH)]


def _heading(line: str) -> _Columns | None:
    """The columns, where the line is a header."""
    if line.startswith(_DEEP):
        names = [name.strip().lower() for name in line.removeprefix(_DEEP).split(",")][:50]
        return _Columns(["name" if name == "filename" else name for name in names], ",", name_last=True)
    if len(line) > LONGEST or _LIKE_A_HASH.search(line):
        return None
    separator = separator_of(line)
    names = named(_cells(line, separator))
    return _Columns([_column(name) for name in names], separator) if _ASKED & set(names) else None


def _column(name: str) -> str:
    return "name" if column_name(name) in _NAMES else name


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _by_columns(cells: Sequence[str], names: Sequence[str]) -> list[_Found]:
    """The hashes of a row under a header; a cell that should hold one and does not is told."""
    by_name = [(name, cell.strip()) for name, cell in zip(names, cells, strict=False) if cell.strip()]
    said = next((cell for name, cell in by_name if name == "name"), "")
    found = [(_of_column(name, cell), said) for name, cell in by_name if name in _ASKED]
    return [(text[:SHOWN], name, "" if _is_hash(text) else NO_HASH) for text, name in found]


def _of_column(name: str, cell: str) -> str:
    is_pdq = name == "pdq" and not cell.startswith(PDQ_PREFIX)
    return PDQ_PREFIX + cell if is_pdq else cell


def _as_printed(line: str) -> list[_Found]:
    """What a tool printed: `hash  name` with its variants, or the BSD form. [] where the line is neither."""
    if found := BSD.fullmatch(line):
        wrong = not is_of(kinds.BY_LENGTH.get(len(found["hash"])), found["kind"])
        return [(found["hash"][:SHOWN], found["name"], OTHER_KIND if wrong else "")]
    rest, label = line.removeprefix("\\"), _LABEL.match(line)
    rest = rest[label.end() :] if label else rest
    if (size := _SIZE.match(rest)) and _is_hash(rest[size.end() :].split(maxsplit=1)[0]):
        rest = rest[size.end() :]
    hashes, name = _leading(rest)
    if label and not (hashes and is_of(kinds.BY_LENGTH.get(len(hashes[0])), label["kind"])):
        return []
    return [(text, name, "") for text in hashes]


def _leading(rest: str) -> tuple[list[str], str]:
    """The hashes that a line begins with, and what follows them: two of one file stand beside each other."""
    hashes: list[str] = []
    while (parts := rest.split(maxsplit=1)) and _is_hash(parts[0]):
        hashes.append(parts[0])
        rest = parts[1] if len(parts) > 1 else ""
    return hashes, rest.removeprefix("*")


def _by_cells(line: str) -> list[_Found]:
    """A row without a header: what looks like a hash is one, and the first cell that is no number is the name."""
    if _PDQ.fullmatch(line.strip()):
        return [(line.strip(), "", "")]
    cells = [cell.strip() for cell in _cells(line, separator_of(line))]
    name = next((cell for cell in cells if cell and not _is_hash(cell) and not cell.isdecimal()), "")
    return [(cell, name, "") for cell in cells if _is_hash(cell)]


def _is_hash(text: str) -> bool:
    """Whether it has the form of one. Behind `pdq:` anything has: what is wrong with it is said by the kind."""
    if text.startswith(PDQ_PREFIX) or _PDQ.fullmatch(text):
        return True
    return len(text) in kinds.BY_LENGTH and _DIGITS.fullmatch(text) is not None
