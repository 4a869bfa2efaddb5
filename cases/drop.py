"""The drop folder: what lies in DROP/CASE NUMBER/ and stands still becomes an exhibit of that case, once.

Evidence is never altered, so nothing is moved or renamed: a table remembers what was taken. Names are bytes.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cases import events, evidence
from cases.ingest import sources
from cases.ingest.base import SourceGone, SourceUnusable
from cases.ingest.folder import Folder
from cases.models import Case, DropEntry
from cases.names import display
from workbench import access, audit, unfinished
from workbench.errors import BadInput, WorkbenchError
from workbench.models import User

MOST_SHOWN = 50  # refused entries on a page
ENDING = re.compile(r"(\.tar)?\.\w{1,5}$")  # of an archive, image or document: no part of the exhibit's number


@dataclass(frozen=True, slots=True)
class Dropped:
    """A folder or file that lies in the folder of a case."""

    raw_path: bytes  # below the drop folder
    path: bytes

    @property
    def key(self) -> bytes:
        """What it is remembered by."""
        return sha256(self.raw_path).digest()

    @property
    def number(self) -> str:
        """Of the case, as the folder spells it."""
        return self.raw_path.partition(b"/")[0].decode("utf-8", "replace")

    @property
    def ref(self) -> str:
        """Of the exhibit: the entry's name, a file's without its ending."""
        name = self.raw_path.partition(b"/")[2].decode("utf-8", "replace")
        return name if stat.S_ISDIR(os.lstat(self.path).st_mode) else ENDING.sub("", name)


def sweep() -> list[int]:
    """Take in what has stood still for long enough; ids of the new exhibits, whose ingests can begin."""
    found = list(_entries(os.fsencode(settings.DROP)))
    rows = {bytes(row.name_key): row for row in DropEntry.objects.filter(name_key__in=[one.key for one in found])}
    taken = []
    for one in found:
        row = rows.get(one.key)
        if row is None or not (row.exhibit_id or _was_refused_lately(row)):
            exhibit_id = _look(one, row)
            taken += [exhibit_id] if exhibit_id else []
    return taken


def refused(case: Case | None) -> QuerySet[DropEntry]:
    """What was meant for the case and not taken, with the reason; None: for cases that there are not."""
    return DropEntry.objects.filter(case=case).exclude(refusal="").order_by("pk")[:MOST_SHOWN]


def is_of(person: User) -> bool:
    """Whether the drop folder feeds this person's agency."""
    return User.objects.filter(username=settings.DROP_AS, agency=person.agency_id).exists()


def _entries(root: bytes) -> Iterator[Dropped]:
    """What lies in the folders of the cases, in byte order, but for what is hidden."""
    for number in _names(root):
        folder = os.path.join(root, number)  # noqa: PTH118 bytes
        for name in _names(folder) if os.path.isdir(folder) and not os.path.islink(folder) else []:  # noqa: PTH112, PTH114
            raw_path = number + b"/" + name
            yield Dropped(raw_path, root + b"/" + raw_path)


def _names(folder: bytes) -> list[bytes]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith(b"."))  # noqa: PTH208 bytes
    except OSError:
        return []  # a folder that is not there, or not ours to read, offers nothing


def _was_refused_lately(row: DropEntry) -> bool:
    return bool(row.refusal) and not _is_still(row)


def _is_still(row: DropEntry, times: int = 1) -> bool:
    return timezone.now() - row.still_since >= times * timedelta(seconds=settings.DROP_SECONDS)


def _look(one: Dropped, row: DropEntry | None) -> int | None:
    """Note how the entry stands, and take it in when nothing moved for long enough."""
    try:
        stamp, times = _stamp(one.path)
        if row is not None and bytes(row.stamp) == stamp:
            return _take(one, row) if _is_still(row, times) else None
    except FileNotFoundError:
        return None  # taken away
    seen = {"raw_path": one.raw_path, "stamp": stamp, "still_since": timezone.now(), "refusal": ""}
    DropEntry.objects.update_or_create(name_key=one.key, defaults=seen)
    return None


def _stamp(path: bytes) -> tuple[bytes, int]:
    """A digest of every name, size and time in it; and how many times as long as others it must stand still.

    Raises FileNotFoundError.
    """
    status = os.lstat(path)
    digest = sha256(b"%d %d %d" % (status.st_mode, status.st_size, status.st_mtime_ns))
    grows = unfinished.is_unfinished(path)
    with suppress(SourceGone, SourceUnusable):  # one that cannot be opened is refused when it is taken
        for node in Folder((os.fsencode(settings.DROP),)).find(path) if stat.S_ISDIR(status.st_mode) else ():
            facts = (node.raw_path.hex(), node.size, node.modified, node.reason)
            digest.update(repr(facts).encode())
            grows |= unfinished.is_unfinished(node.raw_path)
    return digest.digest(), unfinished.TIMES if grows else 1


def _take(one: Dropped, row: DropEntry) -> int | None:
    """Add it to its case as the account that the settings name. Interrupted and run again, it is the same exhibit."""
    by = User.objects.filter(username=settings.DROP_AS, is_active=True).first()
    case: Case | None = None
    try:
        if by is None:
            raise BadInput(f"There is no person {settings.DROP_AS!r} who could take it in. Correct WINNOW_DROP_AS.")
        access.require(by, "evidence.add")
        case = Case.objects.for_actor(by).filter(agency=by.agency_id, number=one.number).first()
        if case is None:
            raise BadInput(f"There is no case {one.number!r} that {by.username} may see. Open it or rename the folder.")
        if stat.S_ISLNK(os.lstat(one.path).st_mode):
            raise BadInput("This is a link, which was not followed. Put the evidence itself into the drop folder.")
        kind = sources.reader_for(one.path)
        exhibit = evidence.add_exhibit(case=case, ref=one.ref, reader_id=kind, source=one.path, by=by)
    except WorkbenchError as error:
        _refuse(row, case, error.english, by)
        return None
    DropEntry.objects.filter(pk=row.pk).update(case=case, exhibit=exhibit, refusal="")
    return int(exhibit.pk)


@transaction.atomic
def _refuse(row: DropEntry, case: Case | None, why: str, by: User | None) -> None:
    """Remember why; the log tells of it once. It is tried again after a while: the case may be opened meanwhile."""
    is_news = row.refusal != why[:300]
    DropEntry.objects.filter(pk=row.pk).update(case=case, refusal=why[:300], still_since=timezone.now())
    if is_news and (on := case or by):
        audit.record(
            events.DROP_REFUSED, by=by, on=on, case=case.public_id if case else None, reason=why,
            name=display(bytes(row.raw_path)),
        )  # fmt: skip
