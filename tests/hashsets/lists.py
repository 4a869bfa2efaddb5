"""Lists for the tests of imports: records, documents, and what came of them."""

import json
from pathlib import Path
from typing import Any

from hashsets import importing
from hashsets.exchange import HashRecord
from hashsets.import_report import ImportReport
from hashsets.importing import Part
from hashsets.models import Entry, HashSet
from workbench.models import User

HASH_SET = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def digest(number: int, length: int = 32) -> str:
    """A made-up hash."""
    return f"fa4e{number:0{length - 4}x}"


def media(number: int, category: Any = 1, **more: Any) -> dict[str, Any]:
    """One record with an MD5 and a SHA-1."""
    return {"MediaID": number, "Category": category, "MD5": digest(number), "SHA1": digest(number, 40), **more}


def document(folder: Path, *records: dict[str, Any], name: str = "list.json") -> Path:
    """A VICS 2.0 file with these records."""
    path = folder / name
    path.write_text(json.dumps({"@odata.context": HASH_SET, "value": list(records)}))
    return path


def load(to: HashSet, *paths: Path, by: User, **more: Any) -> ImportReport:
    """Import files into a set."""
    return importing.import_file(to, [Part(path, path.name) for path in paths], by=by, **more)


def current(hash_set: HashSet) -> list[Entry]:
    """The entries in force, by ident."""
    now = HashSet.objects.get(pk=hash_set.pk).generation
    found = Entry.objects.filter(set=hash_set, added_in__lte=now).exclude(removed_in__lte=now)
    return list(found.order_by("ident", "twin"))


def by_number(hash_set: HashSet) -> dict[int, Entry]:
    """The entries in force, by the number their hash was made of."""
    return {int(bytes(entry.ident).hex()[4:], 16): entry for entry in current(hash_set)}


def said(record: HashRecord) -> tuple[Any, ...]:
    """What an export says of an entry."""
    told = (record.md5, record.sha1, record.sha256, record.size, record.code, record.media_id, record.flags)
    return (*told, record.series, record.tags, record.date_updated, record.photodna)
