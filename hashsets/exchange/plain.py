"""The plain records of a VICS hash set by the block: decoded at once, kept as columns. PURE.

Nearly every record of a national list holds the same five fields and nothing odd. Such records never become
objects: a block of them is one table. Whatever is not beyond doubt is left to the reader of single records, so
both roads give the same; `tests/hashsets/exchange/test_plain.py` holds them to it.
"""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET, Meta, Struct, UnsetType

from hashsets import kinds
from hashsets.exchange import alike
from hashsets.exchange import vics_values as values
from hashsets.exchange.base import HashRecord

# One plain record; the code is the text of a number.
ROW = np.dtype([
    ("md5", "V16"), ("sha1", "V20"), ("code", "<i4"), ("size", "<i8"), ("media_id", "<i8"), ("position", "<i8"),
])  # fmt: skip
Rows = npt.NDArray[np.void]
NO_ROWS: Rows = np.empty(0, ROW)
Stretch = tuple[list[HashRecord], Rows]  # records that follow each other: single ones, and those that are plain
Columns = dict[str, npt.NDArray[Any]]

_LARGEST = (1 << 63) - 1
_HIGHEST_CODE = 10**6
_FEW_CODES = 1000
_EMPTY_MD5, _EMPTY_SHA1 = (np.void(kinds.DIGESTS[name].empty) for name in ("md5", "sha1"))


class _Plain(Struct, forbid_unknown_fields=True, gc=False):
    """What nearly every record looks like."""

    MediaID: Annotated[int, Meta(ge=0, le=_LARGEST)]
    Category: Annotated[int, Meta(ge=0, le=_HIGHEST_CODE)]
    MD5: Annotated[str, Meta(min_length=32, max_length=32)]
    SHA1: Annotated[str, Meta(min_length=40, max_length=40)]
    MediaSize: Annotated[int, Meta(ge=1, le=_LARGEST)]


_Number = int | str | None | UnsetType
_Text = str | None | UnsetType
_Flag = bool | str | None | UnsetType


class _Usual(Struct, forbid_unknown_fields=True, gc=False):
    """The fields of sets as they are distributed; anything else is for the reader of single records."""

    MediaID: _Number = UNSET
    Category: _Number = UNSET
    MD5: _Text = UNSET
    SHA1: _Text = UNSET
    MediaSize: _Number = UNSET
    IsPrecategorized: _Flag = UNSET
    IsSuspected: _Flag = UNSET
    VictimIdentified: _Flag = UNSET
    OffenderIdentified: _Flag = UNSET
    IsDistributed: _Flag = UNSET
    SelfGenerated: _Flag = UNSET
    Series: _Text = UNSET
    Tags: _Text = UNSET
    DateUpdated: _Text = UNSET
    PhotoDNA: _Text = UNSET


_FIELDS = _Usual.__struct_fields__
_LONGEST = 300  # characters of any value that is tame
_PARSE: dict[str, Callable[[Any], Any]] = {
    "Category": values.code,
    "MediaID": values.number,
    "MediaSize": values.number,
    "DateUpdated": lambda text: values.date(text) if len(text) <= 100 else 0,
    "PhotoDNA": values.photodna,
}
_plain = msgspec.json.Decoder(list[_Plain])
_usual = msgspec.json.Decoder(list[_Usual])


@dataclass(slots=True)
class Block:
    """Records that follow each other. `rows` are the plain ones (of type ROW), `others` the fields of the rest.

    `position` of both counts from 0 within the block.
    """

    length: int
    rows: Rows
    others: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


def decode(text: str) -> Block | None:
    """A block from the text of a JSON array of records; None if a single doubt is left about any of them."""
    if (columns := alike.columns(text)) is not None:
        rows = _rows(columns)
        return None if rows is None else Block(len(rows), rows)
    try:
        rows = _rows(_columns(found := _plain.decode(text)))
        return None if rows is None else Block(len(found), rows)
    except (ValueError, RecursionError):  # msgspec's and Unicode's errors are ValueErrors
        pass
    try:
        return _mixed(_usual.decode(text))
    except (ValueError, RecursionError):
        return None


def different(codes: npt.NDArray[np.int32]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """The different codes, ascending, and which of them each row has; without a sort where they are small."""
    if not len(codes) or codes.max() >= _FEW_CODES:
        return np.unique(codes, return_inverse=True)
    found = np.flatnonzero(np.bincount(codes))
    place = np.zeros(_FEW_CODES, np.int64)
    place[found] = np.arange(len(found))
    return found, place[codes]


def records(rows: Rows) -> Iterator[HashRecord]:
    """The rows as single records."""
    for row in rows:
        yield HashRecord(
            position=int(row["position"]),
            md5=row["md5"].tobytes(),
            sha1=row["sha1"].tobytes(),
            size=int(row["size"]),
            code=str(row["code"]),
            media_id=int(row["media_id"]),
        )


def _columns(found: list[_Plain]) -> Columns:
    """The values by field. Raises ValueError when a digest is not hexadecimal."""
    return {
        "MD5": _digests([record.MD5 for record in found], 16),
        "SHA1": _digests([record.SHA1 for record in found], 20),
        "Category": np.array([record.Category for record in found], np.int64),
        "MediaSize": np.array([record.MediaSize for record in found], np.int64),
        "MediaID": np.array([record.MediaID for record in found], np.int64),
    }


def _rows(columns: Columns) -> Rows | None:
    """The records as rows; None when one has the digest of the empty file, or a value that is not plain."""
    md5, sha1, code, size = (columns[name] for name in ("MD5", "SHA1", "Category", "MediaSize"))
    if (code > _HIGHEST_CODE).any() or (size < 1).any() or (md5 == _EMPTY_MD5).any() or (sha1 == _EMPTY_SHA1).any():
        return None
    rows = np.empty(len(md5), ROW)
    rows["md5"], rows["sha1"], rows["code"], rows["size"] = md5, sha1, code, size
    rows["media_id"] = columns["MediaID"]
    rows["position"] = np.arange(len(rows))
    return rows


def _digests(texts: list[str], size: int) -> npt.NDArray[np.void]:
    """The digests of texts that have the right number of characters each. Raises ValueError."""
    return np.frombuffer(unhexlify("".join(texts)), np.dtype(("V", size)))


def _mixed(found: list[_Usual]) -> Block | None:
    """Plain records as rows, others field by field; None when the reader would have to say something about one."""
    plain: list[_Plain] = []
    places: list[int] = []
    others = []
    for place, record in enumerate(found):
        fields = {name: value for name in _FIELDS if (value := getattr(record, name)) is not UNSET}
        if (one := _as_plain(fields)) is not None:
            plain.append(one)
            places.append(place)
        elif all(value is None or _tame(name, value) for name, value in fields.items()):
            others.append((place, fields))
        else:
            return None
    rows = _rows(_columns(plain))
    if rows is None:
        return None
    rows["position"] = places
    return Block(len(found), rows, others)


def _as_plain(fields: dict[str, Any]) -> _Plain | None:
    if len(fields) != 5:
        return None
    try:
        return msgspec.convert(fields, _Plain)
    except msgspec.ValidationError:
        return None


def _tame(name: str, value: Any) -> bool:
    """Whether the reader of single records takes the value without a word."""
    if name in ("MD5", "SHA1"):
        return value == "" or _is_digest(value, 32 if name == "MD5" else 40)
    if name in ("Series", "Tags"):
        return True
    if name in _PARSE:
        return len(str(value)) <= _LONGEST and _is_read(_PARSE[name], value)
    return value in (True, False, "true", "false")


def _is_digest(text: str, length: int) -> bool:
    try:
        return len(text) == length and 2 * len(bytes.fromhex(text)) == length
    except ValueError:
        return False


def _is_read(parse: Callable[[Any], Any], value: Any) -> bool:
    try:
        return bool(parse(value) != 0)  # a size of 0 is odd; a code is text
    except values.Unreadable:
        return False
