"""Media records for a case export: the imported ones with our verdict, and new ones (vics.md section 9). PURE."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

from hashsets.exchange.cleaning import clean_json
from hashsets.exchange.json_text import JsonObject
from hashsets.exchange.vics_case import Moment, Occurrence
from hashsets.exchange.vics_hashset import code_json
from hashsets.exchange.vics_media import stored_path
from hashsets.exchange.vics_values import FLAG_FIELDS, Unreadable, flag, number, to_json


class Keep(Enum):
    """Leave a field as the sender wrote it."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


def rewrite_record(
    text: bytes,
    *,
    code: str | None,
    inherited_from: str | None = None,
    comments: str | Keep | None = KEEP,
    tags: Sequence[str] | Keep = KEEP,
    version: str | None = None,
) -> bytes:
    """The imported record with our verdict, everything else as it was written, on one line.

    `code` None = undecided, written as null. `inherited_from` names set and version if the verdict came
    from a set and nobody here looked: exactly then IsPrecategorized is true. `version` "2.0" or "1.3" also
    brings the fields whose form changed between the two into that form; None leaves them.
    """
    record = JsonObject(text.decode("utf-8", "replace"))
    record.set("Category", to_json(code_json(code)))
    record.set("IsPrecategorized", _flag_like(record, "IsPrecategorized", inherited_from is not None))
    if inherited_from is not None or record.find("PrecategorizationSource"):
        record.set("PrecategorizationSource", to_json(clean_json(inherited_from)))
    if not isinstance(comments, Keep):
        record.set("Comments", to_json(clean_json(comments)))
    if not isinstance(tags, Keep):
        record.set("Tags", _tags_like(record, tags))
    if version is not None:
        _reshape(record, version)
    return record.text().encode()


def case_record(
    *,
    media_id: int,
    md5: bytes,
    sha1: bytes | None,
    size: int,
    mime_type: str,
    code: str | None,
    occurrences: Sequence[Occurrence],
    inherited_from: str | None = None,
    sha256: bytes | None = None,
    tags: Sequence[str] = (),
    comments: str = "",
    exifs: Sequence[tuple[str, str]] = (),
    with_file: bool = True,
    version: str = "2.0",
) -> bytes:
    """A record for a file that came without one, in the shape of `version`, every place it was found included.

    `exifs` are names and values of what the file says of itself.
    `with_file` says whether the export carries the bytes; only then there is a RelativeFilePath.
    """
    hexes = {"MD5": md5.hex(), "SHA1": sha1.hex() if sha1 else None}
    optional = {
        "RelativeFilePath": "\\".join(stored_path(md5)) if with_file else None,
        "PrecategorizationSource": inherited_from if version == "2.0" else None,
        "Tags": ",".join(tags) or None,
        "Comments": comments or None,
        "AlternativeHashes": [{"MD5": md5.hex(), "HashName": "SHA256", "HashValue": sha256.hex()}] if sha256 else None,
    }
    fields = {
        "MediaID": media_id,
        **{name: value for name, value in hexes.items() if value},
        "MediaSize": size if version == "2.0" else str(size),
        "MimeType": mime_type,
        "Category": code_json(code),
        "IsPrecategorized": inherited_from is not None,
        **{name: value for name, value in optional.items() if value is not None},
        **({"Exifs": [_exif(md5, name, value) for name, value in exifs]} if exifs else {}),
        "MediaFiles": [_media_file(each, md5) for each in occurrences],
    }
    return to_json(clean_json(fields)).encode()


def _exif(md5: bytes, name: str, value: str) -> dict[str, str]:
    return {"MD5": md5.hex(), "PropertyName": name, "PropertyValue": value}


def _media_file(place: Occurrence, md5: bytes) -> dict[str, Any]:
    fields = {
        "MD5": md5.hex(),
        "FileName": place.file_name,
        "FilePath": place.file_path,
        "Created": _moment_text(place.created),
        "Written": _moment_text(place.written),
        "Accessed": _moment_text(place.accessed),
        "Unallocated": place.unallocated,
        "Deleted": place.deleted,
        "SourceID": place.source_id or None,
        "PhysicalLocation": place.physical_location,
        **place.raw,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _moment_text(moment: Moment | None) -> str | None:
    return moment.text if moment else None


def _flag_like(record: JsonObject, name: str, value: bool) -> str:
    """A flag in the style the record has: "true" where it wrote strings, else true."""
    found = record.find(name)
    text = str(value).lower()
    return f'"{text}"' if found and found.text.startswith('"') else text


def _tags_like(record: JsonObject, tags: Sequence[str]) -> str:
    found = record.find("Tags")
    as_list = found is not None and found.text.startswith("[")
    return to_json(clean_json(list(tags) if as_list else ",".join(tags)))


def _reshape(record: JsonObject, version: str) -> None:
    """Size as number or string, PhotoDNA in its place, flags as JSON booleans; nothing is lost either way."""
    if size := record.find("MediaSize"):
        record.set("MediaSize", _size_text(size.text, version))
    for name in FLAG_FIELDS.values() if version != "2.0" else ():
        if found := record.find(name):
            record.set(name, _boolean_text(found.text))
    photodna = record.find("PhotoDNA")
    if version != "2.0" and photodna and (value := json.loads(photodna.text)):
        entry = {"HashName": "PhotoDNA", "HashValue": value}
        others = record.find("AlternativeHashes")
        inner = others.text.strip()[1:-1].strip() if others and others.text.startswith("[") else ""
        record.set("AlternativeHashes", f"[{inner}{',' if inner else ''}{to_json(entry)}]")
        record.drop("PhotoDNA")


def _size_text(text: str, version: str) -> str:
    try:
        size = number(json.loads(text))
    except Unreadable:
        return text
    if size is None:
        return text
    return str(size) if version == "2.0" else f'"{size}"'


def _boolean_text(text: str) -> str:
    try:
        return to_json(flag(json.loads(text)))
    except Unreadable:
        return text
