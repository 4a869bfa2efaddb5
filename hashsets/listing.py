"""The entries of one version, page by page, as records that a list format can write."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from django.db import connection, transaction

from hashsets import events, exchange
from hashsets.entry_rows import loaded
from hashsets.exchange import HashRecord, UnknownFormat, WriteOptions
from hashsets.exchange.vics_values import Unreadable, date
from hashsets.models import HashSet
from workbench import audit
from workbench.models import User

PAGE = 5000  # entries
ENTRIES = """
SELECT id, md5, sha1, sha256, size, code, flags, raw FROM hashsets_entry
WHERE set_id = %s AND id > %s AND added_in <= %s AND (removed_in IS NULL OR removed_in > %s) ORDER BY id LIMIT %s
"""


def records(hash_set: HashSet) -> Iterator[HashRecord]:
    """Every entry of the version that `hash_set` names. One query per 5,000.

    Constant memory, no open cursor: rows of a version never change, so a later version does not disturb.
    """
    generation, last, position = hash_set.generation, 0, 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(ENTRIES, [hash_set.pk, last, generation, generation, PAGE])
            rows = cursor.fetchall()
        for row in rows:
            position += 1
            yield _record(position, row[1:])
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


def export(hash_set: HashSet, stream: BinaryIO, *, by: User, format_id: str, options: WriteOptions) -> int:
    """Write the version in force to `stream`; the number of entries. One event. Raises UnknownFormat."""
    format_ = exchange.BY_ID.get(format_id)
    if format_ is None:
        raise UnknownFormat(f"Not a format to write: {format_id!r}. There are {', '.join(exchange.BY_ID)}.")
    hash_set.refresh_from_db(fields=["generation"])  # the event names the version that the file holds
    record(hash_set, by=by, format_id=format_id, region=options.region)
    return format_.write(records(hash_set), stream, options)


@transaction.atomic
def record(hash_set: HashSet, *, by: User, format_id: str, region: str) -> None:
    """The event of an export, before its first byte leaves."""
    audit.record(
        events.SET_EXPORTED,
        by=by,
        on=hash_set,
        set=hash_set.name,
        generation=hash_set.generation,
        format=format_id,
        region=region,
    )


def _record(position: int, row: tuple[Any, ...]) -> HashRecord:
    md5, sha1, sha256, size, code, flags, raw = row
    kept = loaded(raw)
    return HashRecord(
        position=position,
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


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def _date(text: str | None) -> Any:
    try:
        return date(text) if text else None
    except Unreadable:
        return None
