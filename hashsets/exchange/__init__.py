"""List formats, one file each. PURE. A new format is one import and one place in `BUILT_IN`."""

from hashsets.exchange.base import (
    HashRecord,
    ListFormat,
    MalformedDocument,
    ReadOptions,
    Report,
    UnknownFormat,
    WriteOptions,
)
from hashsets.exchange.csv_list import CsvList
from hashsets.exchange.vics import Vics

BUILT_IN: tuple[ListFormat, ...] = (Vics("2.0"), Vics("1.3"), CsvList())
BY_ID: dict[str, ListFormat] = {format_.id: format_ for format_ in BUILT_IN}
HEAD = 4096  # bytes `detect` wants


def detect(head: bytes, name: str) -> ListFormat:
    """The first format that knows its own in the first bytes of a file. Raises UnknownFormat."""
    for format_ in BUILT_IN:
        if format_.sniff(head[:HEAD], name):
            return format_
    raise UnknownFormat(f"No list of hashes we can read: {name!r}. VICS JSON and CSV are.")


__all__ = [
    "BUILT_IN",
    "BY_ID",
    "HashRecord",
    "ListFormat",
    "MalformedDocument",
    "ReadOptions",
    "Report",
    "UnknownFormat",
    "WriteOptions",
    "detect",
]
