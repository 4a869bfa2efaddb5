"""Reading contents again: whether the bytes still are what came in.

Contents are taken page by page, none is held open between pages, and each page is one query: hours of reading keep
no view of the database open.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import BinaryIO

from django.db import connection, transaction

from cases import events, paths
from cases.ingest import originals
from cases.ingest.base import LOST, SourceGone, Spoiled
from cases.models import Case, Exhibit
from cases.names import display
from workbench import audit
from workbench.models import Agency, User

PAGE = 500
CHUNK = 4 << 20  # bytes
SHOWN = 100  # broken contents that are named; of more, only the number is told
MISSING, DIFFERING, UNREACHABLE = "missing", "differing", "unreachable"

Progress = Callable[[int, int], None]  # contents read so far, of how many

OF_SCOPE = """(x.removed_at IS NULL OR x.keep = 'copy') AND (%(case)s::bigint IS NULL OR x.case_id = %(case)s)
  AND (%(exhibit)s::bigint IS NULL OR x.id = %(exhibit)s)"""
CONTENTS = f"""
FROM cases_content c WHERE c.agency_id = %(agency)s AND c.purged_at IS NULL AND EXISTS (
  SELECT FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
  WHERE f.content_id = c.id AND {OF_SCOPE})
"""
NEXT = f"SELECT c.id, c.sha256 {CONTENTS} AND c.id > %(after)s ORDER BY c.id LIMIT {PAGE}"
COUNT = f"SELECT count(*) {CONTENTS}"

# The first file of each broken content, for people.
NAMES = f"""
SELECT DISTINCT ON (f.content_id) f.content_id, x.ref, {paths.WHOLE_SHOWN}
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
WHERE f.content_id = ANY(%(broken)s) AND {OF_SCOPE} ORDER BY f.content_id, f.id
"""  # noqa: S608 only constants


@dataclass(frozen=True, slots=True)
class Scope:
    """The contents to read: those of an agency, of one of its cases, or of one exhibit."""

    agency: Agency
    case: Case | None = None
    exhibit: Exhibit | None = None

    @property
    def values(self) -> dict[str, int | None]:
        """For the statements of this module."""
        case = self.case.pk if self.case else None
        return {"agency": self.agency.pk, "case": case, "exhibit": self.exhibit.pk if self.exhibit else None}


@dataclass(frozen=True, slots=True)
class Broken:
    """A content whose bytes are gone, are others, or were left on a share that cannot be reached."""

    sha256: str
    what: str
    exhibit: str = ""
    name: str = ""  # of its first file, as a person may see it

    @property
    def said(self) -> str:
        """In words."""
        named = f"{self.exhibit}: {self.name}: " if self.exhibit else ""
        return f"{named}{self.what} ({self.sha256})"


@dataclass(slots=True)
class Found:
    """What reading everything again came to. `broken` names the first hundred."""

    checked: int = 0
    bytes: int = 0
    missing: int = 0
    differing: int = 0
    unreachable: int = 0
    broken: list[Broken] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether everything is there, as it came in."""
        return not (self.missing or self.differing or self.unreachable)

    def add(self, other: "Found") -> None:
        """Count these too."""
        for name in ("checked", "bytes", MISSING, DIFFERING, UNREACHABLE):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.broken = [*self.broken, *other.broken][:SHOWN]

    @property
    def differences(self) -> list[str]:
        """What is broken, in words; the first hundred, and how many more there are."""
        more = self.missing + self.differing + self.unreachable - len(self.broken)
        return [one.said for one in self.broken] + [f"and {more:,} more."] * bool(more)


def read_again(scope: Scope, progress: Progress = lambda _done, _of: None) -> Found:
    """Hash every content of the scope. Raises StoreGone."""
    found, broken, total = Found(), dict[int, Broken](), _count(scope)
    for content, sha256 in _contents(scope):
        found.checked += 1
        if what := _wrong(scope.agency, sha256, found):
            setattr(found, what, getattr(found, what) + 1)
            if len(broken) < SHOWN:
                broken[content] = Broken(sha256.hex(), what)
        progress(found.checked, total)
    found.broken = _named(scope, broken)
    return found


@transaction.atomic
def _told(scope: Scope, found: Found, by: User) -> None:
    case, told = scope.case, {name: value for name, value in asdict(found).items() if name != "broken"}
    audit.record(
        events.STORE_VERIFIED, by=by, on=case or scope.agency, case=case.public_id if case else None,
        agency=scope.agency, outcome="ok" if found.is_whole else "differs", **told,
    )  # fmt: skip


def verify_store(scope: Scope, *, by: User, progress: Progress = lambda _done, _of: None) -> Found:
    """Read again what the store must hold for an agency or a case. One event. Raises StoreGone."""
    found = read_again(scope, progress)
    _told(scope, found, by)
    return found


def _wrong(agency: Agency, sha256: bytes, found: Found) -> str:
    """What is wrong with a content's bytes; empty if nothing is."""
    try:
        with originals.opened(agency, sha256) as file:
            return "" if _digest(file, found) == sha256 else DIFFERING
    except Spoiled as spoiled:
        return MISSING if spoiled.reason == LOST else DIFFERING
    except SourceGone:
        return UNREACHABLE


def _digest(file: BinaryIO, found: Found) -> bytes:
    digest = hashlib.sha256()
    with suppress(OSError):  # a disk that cannot give the bytes back holds others
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            found.bytes += len(chunk)
        return digest.digest()
    return b""


def _count(scope: Scope) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, scope.values)
        return int(cursor.fetchone()[0])


def _contents(scope: Scope) -> Iterator[tuple[int, bytes]]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(NEXT, scope.values | {"after": after})
            rows = cursor.fetchall()
        if not rows:
            return
        yield from ((content, bytes(sha256)) for content, sha256 in rows)
        after = rows[-1][0]


def _named(scope: Scope, broken: dict[int, Broken]) -> list[Broken]:
    """The same with the name of a file each; of a whole agency's without, for who runs the node. One query."""
    if not broken or not (scope.case or scope.exhibit):
        return list(broken.values())
    names: dict[int, tuple[str, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(NAMES, scope.values | {"broken": list(broken)})
        for content, ref, raw in cursor.fetchall():
            names[content] = (ref, display(bytes(raw)))
    return [Broken(one.sha256, one.what, *names.get(content, ())) for content, one in broken.items()]
