"""Makes records of rows that are little more than hashes, by the same rules in every such format. PURE.

A row without a usable hash is counted with its reason and named by its place; the hash of a file of zero
bytes is never an entry (vics.md section 7). Names of files are the sender's and are not taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from hashsets import kinds
from hashsets.exchange import vics_values as values
from hashsets.exchange.base import HashRecord, ReadOptions, Report
from workbench import media_types

_MEDIA = frozenset({"still", "video"})


class Taker:
    """Takes the rows of one list, in file order."""

    def __init__(self, report: Report, options: ReadOptions) -> None:
        self._report = report
        self._options = options

    def take(
        self, hashes: Mapping[str, str | bytes | None], *, place: str, size: object = None, code: str | None = None
    ) -> HashRecord | None:
        """The record of one row, counted; None when it is no entry. `hashes` by the id of their kind."""
        self._report.read += 1
        record = HashRecord(self._report.read)
        problems = {put(record, kind, value) for kind, value in hashes.items() if value}
        unusable = record.md5 is record.sha1 is record.sha256 is None
        if unusable or "zero-length" in problems:
            reason = next((each for each in ("zero-length", "invalid-hash") if each in problems), "no-hash")
            self._report.skip(reason, record.position, place)
            return None
        if "invalid-hash" in problems:
            self._report.warn("bad-hash", place, record.position)
        self._size(record, size)
        record.code = code or self._options.default_code
        self._report.count_code(record.code)
        return record

    def pass_over(self, reason: str, place: str) -> None:
        """Count a row that is no record at all, and name its place."""
        self._report.read += 1
        self._report.skip(reason, self._report.read, place)

    def leaves_out(self, name: str) -> bool:
        """Whether a file is none of those asked for; it is counted, without words, as there are millions."""
        if not self._options.only_media or media_types.claimed_kind(name.encode("utf-8", "replace")) in _MEDIA:
            return False
        self._report.read += 1
        self._report.skipped["other-type"] += 1
        return True

    def _size(self, record: HashRecord, size: object) -> None:
        try:
            record.size = values.number(size) or None
        except values.Unreadable:
            self._report.warn("bad-size", str(size)[:100], record.position)


def put(record: HashRecord, kind_id: str, value: str | bytes) -> str:
    """Give the record a hash; "" or why it was none: "invalid-hash", "zero-length"."""
    kind = kinds.DIGESTS[kind_id]
    try:
        setattr(record, kind_id, kind.parse(value.hex() if isinstance(value, bytes) else value))
    except kinds.EmptyFileHash:
        return "zero-length"
    except kinds.BadHash:
        return "invalid-hash"
    return ""
