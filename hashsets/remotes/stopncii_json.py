"""PURE: one answer of a StopNCII-shaped server, read with the hostile in mind.

The names of the fields and of what stands in them are those that the open client named in sharing.md section 8 reads.
A kind of hash that nobody here knows is counted and passed over; a value of another field that nobody knows is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from hashsets.remotes.base import Opinion, Problem, RemoteRecord, Removed

KINDS = {"ImagePDQ": "pdq", "VideoMD5": "md5"}  # theirs -> ours; large fingerprints (VideoTMK) never come inline
GONE = {"Withdrawn", "Deleted"}
SAYS = {"Blocked": True, "NotBlocked": False}  # other feedback is no opinion


class Feedback(msgspec.Struct):
    """What a service says of a record."""

    feedback: str = msgspec.field(default="", name="feedbackValue")
    source: str = ""


class Record(msgspec.Struct):
    """One hash as it is listed."""

    kind: str = msgspec.field(name="signalType")
    value: str = msgspec.field(name="hashValue")
    status: str = msgspec.field(name="hashStatus")
    changed: float | None = msgspec.field(default=None, name="lastModtimestamp")
    feedbacks: list[Feedback] = msgspec.field(default_factory=list, name="CSPFeedbacks")


class Listed(msgspec.Struct):
    """One answer. Records are read one by one, so that a bad one stops no other."""

    records: list[Any] = msgspec.field(default_factory=list, name="hashRecords")
    more: bool = msgspec.field(default=False, name="hasMoreRecords")
    token: str | None = msgspec.field(default=None, name="nextPageToken")
    until: int | None = msgspec.field(default=None, name="nextSetTimestamp")


@dataclass(frozen=True, slots=True)
class News:
    """What the records of one answer amount to."""

    records: Sequence[RemoteRecord] = ()
    removed: Sequence[Removed] = ()
    problems: Sequence[Problem] = field(default_factory=list)


def news(found: Sequence[Any]) -> News:
    """Each record once: of one that comes twice the later news stands. A bad one becomes a problem."""
    latest: dict[str, RemoteRecord | Removed] = {}
    problems: list[Problem] = []
    for each in found:
        try:
            one = _said(msgspec.convert(each, Record))
        except msgspec.ValidationError as error:
            problems.append(Problem("not-a-record", detail=str(error)[:200]))
            continue
        if isinstance(one, Problem):
            problems.append(one)
        elif not (one.key in latest and _is_older(one, latest[one.key])):
            latest[one.key] = one
    records = [one for one in latest.values() if isinstance(one, RemoteRecord)]
    return News(records, [one for one in latest.values() if isinstance(one, Removed)], problems)


def _is_older(one: RemoteRecord | Removed, other: RemoteRecord | Removed) -> bool:
    return bool(one.updated and other.updated and one.updated < other.updated)


def _said(record: Record) -> RemoteRecord | Removed | Problem:
    """One record. A status that nobody here knows is none: the record stands."""
    kind = KINDS.get(record.kind)
    if kind is None:
        return Problem("other-kind", detail=record.kind[:80])
    key, updated = f"{record.kind}-{record.value.strip().lower()}", _moment(record.changed)
    if record.status in GONE:
        return Removed(key, updated)
    opinions = [
        Opinion(kind, SAYS[each.feedback], each.source, each.feedback)
        for each in record.feedbacks
        if each.feedback in SAYS
    ]
    return RemoteRecord(key=key, hashes={kind: record.value}, updated=updated, opinions=opinions)


def _moment(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
