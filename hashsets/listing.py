"""The entries of one version, page by page, as records that a list format can write."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from hashsets import events, exchange
from hashsets.entry_rows import RAW, loaded
from hashsets.exchange import (
    HashRecord,
    ListWriter,
    MalformedDocument,
    ReadOptions,
    Report,
    UnknownFormat,
    WriteOptions,
)
from hashsets.exchange.vics_values import Unreadable, date
from hashsets.generations import in_force
from hashsets.models import HashSet
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.models import User
from workbench.words import digits

PAGE = 5000  # entries
ENTRIES = f"""
SELECT id, md5, sha1, sha256, size, code, flags, {RAW} FROM hashsets_entry
WHERE set_id = %s AND id > %s AND {in_force("%s", "hashsets_entry")}
  AND num_nonnulls(md5, sha1, sha256) > 0 ORDER BY id LIMIT %s
"""  # noqa: S608 only constants


def records(hash_set: HashSet) -> Iterator[HashRecord]:
    """Every entry with a digest of the version that `hash_set` names. One query per 5,000.

    An entry that came with several categories is one record of each, its own first, so that it is as much in doubt
    wherever it is read again. Constant memory, no open cursor: rows of a version never change, so a later version
    does not disturb.
    """
    generation, last, position = hash_set.generation, 0, 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(ENTRIES, [hash_set.pk, last, generation, generation, PAGE])
            rows = cursor.fetchall()
        for row in rows:
            for record in _records_of(row[1:]):
                position += 1
                yield replace(record, position=position)
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


class ExportDiffers(WorkbenchError):
    """The list was written and reads back differently, so it was not given out. Tell whoever runs Winnow."""

    code = "export-differs"


@dataclass(slots=True)
class Tally:
    """What went by: how many entries, and a digest over their hashes, sizes and categories."""

    entries: int = 0
    odd_codes: int = 0  # records whose category is text or none, which some readers of VICS pass over
    last: tuple[bytes | None, ...] = ()  # the digests of the last record: several in a row are of one entry
    digest: Any = field(default_factory=hashlib.sha256)

    def of(self, passing: Iterable[HashRecord]) -> Iterator[HashRecord]:
        """The same records, counted."""
        for each in passing:
            self.entries += (identity := (each.md5, each.sha1, each.sha256)) != self.last
            self.last = identity
            self.odd_codes += each.code is None or not (each.code.isascii() and each.code.isdigit())
            self.digest.update(repr((each.md5, each.sha1, each.sha256, each.size, each.code)).encode())
            yield each

    def agrees(self, other: "Tally") -> bool:
        """Whether the very same went by, in the same order."""
        return self.entries == other.entries and bool(self.digest.digest() == other.digest.digest())


def export(hash_set: HashSet, stream: BinaryIO, *, by: User, format_id: str, options: WriteOptions) -> Tally:
    """Write the version in force to `stream`, an empty file open for both, and read it back. One event.

    The stream stands at its start afterwards. Raises as `write`.
    """
    hash_set.refresh_from_db(fields=["generation"])  # the event names the version that the file holds
    written = write(hash_set, stream, format_id=format_id, options=options)
    record(hash_set, by=by, format_id=format_id, region=options.region, entries=written.entries)
    return written


def write(
    hash_set: HashSet,
    stream: BinaryIO,
    *,
    format_id: str,
    options: WriteOptions,
    kept: Callable[[HashRecord], HashRecord] = lambda record: record,
) -> Tally:
    """Write the version that `hash_set` names, and read it back; of each record what is `kept`. No event.

    The file is good only when our own importer finds in it what was written (vics.md section 9). The stream stands
    at its start afterwards. Raises UnknownFormat, ExportDiffers.
    """
    format_ = exchange.WRITERS.get(format_id)
    if format_ is None:
        raise UnknownFormat(f"Not a format to write: {format_id!r}. There are {', '.join(exchange.WRITERS)}.")
    written = Tally()
    format_.write(written.of(map(kept, records(hash_set))), stream, options)
    _read_back(format_, stream, written)
    return written


def _read_back(format_: ListWriter, stream: BinaryIO, written: Tally) -> None:
    """Raise ExportDiffers unless our importer finds in the stream what was written."""
    stream.flush()
    stream.seek(0)
    found, report = Tally(), Report()
    try:
        for _record_read in found.of(format_.read(stream, report, ReadOptions())):
            pass
    except MalformedDocument as error:
        raise ExportDiffers(
            noop("The list was written and cannot be read back: %(error)s. It was not given out."), error=error
        ) from error
    if not written.agrees(found):
        raise ExportDiffers(
            noop(
                "%(entries)s entries were written and %(entries2)s read back, or not the same ones. The "
                "list was not given out. Tell whoever runs Winnow."
            ),
            entries=digits(written.entries),
            entries2=digits(found.entries),
        )
    stream.seek(0)


@transaction.atomic
def record(hash_set: HashSet, *, by: User, format_id: str, region: str, entries: int) -> None:
    """The event of an export, before its first byte leaves."""
    audit.record(
        events.SET_EXPORTED,
        by=by,
        on=hash_set,
        set=hash_set.name,
        generation=hash_set.generation,
        format=format_id,
        region=region,
        entries=entries,
    )


def _records_of(row: tuple[Any, ...]) -> Iterator[HashRecord]:
    """The records of one entry, without their positions."""
    record, codes = _record(row)
    yield record
    for code in codes:
        if code != (record.code or ""):
            yield HashRecord(
                position=0,
                md5=record.md5,
                sha1=record.sha1,
                sha256=record.sha256,
                size=record.size,
                code=code or None,
                media_id=record.media_id,
            )


def _record(row: tuple[Any, ...]) -> tuple[HashRecord, list[str]]:
    """What an entry says, and all the categories it came with if there were several."""
    md5, sha1, sha256, size, code, flags, raw = row
    kept = loaded(raw)
    record = HashRecord(
        position=0,
        md5=_bytes(md5),
        sha1=_bytes(sha1),
        sha256=_bytes(sha256),
        size=size,
        code=code or None,
        media_id=kept.get("media_id"),
        flags=loaded(flags),
        series=tuple(kept.get("series", ())),
        tags=tuple(kept.get("tags", ())),
        date_updated=_date(kept.get("date_updated")),
        date_updated_text=kept.get("date_updated"),
        photodna=kept.get("photodna"),
        other_hashes=kept.get("hashes", {}),
    )
    return record, kept.get("codes", [])


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _date(text: str | None) -> Any:
    try:
        return date(text) if text else None
    except Unreadable:
        return None
