"""Reading contents again: whether the bytes still are what came in.

Contents are taken page by page, none is held open between pages, and each page is one query: hours of reading keep
no view of the database open.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial

from django.db import connection, transaction

from cases import events, paths
from cases.ingest import originals
from cases.ingest.base import LOST, SourceGone, Spoiled
from cases.models import Case, Exhibit
from cases.names import display
from workbench import audit, passing
from workbench.models import Agency, User

PAGE = 500
CHUNK = 4 << 20  # bytes
SHOWN = 100  # broken contents that are named; of more, only the number is told
MISSING, DIFFERING, UNREACHABLE = "missing", "differing", "unreachable"

Progress = Callable[[int, int], None]  # contents read so far, of how many

# Of an exhibit everything its files name is read, whatever other columns say: nobody proves it by changing those.
OF_SCOPE = """(x.id = %(exhibit)s::bigint OR %(exhibit)s::bigint IS NULL
  AND (x.removed_at IS NULL OR x.keep = 'copy') AND (%(case)s::bigint IS NULL OR x.case_id = %(case)s))"""
CONTENTS = f"""
FROM cases_content c
WHERE (%(exhibit)s::bigint IS NOT NULL OR c.agency_id = %(agency)s AND c.purged_at IS NULL) AND EXISTS (
  SELECT FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
  WHERE f.content_id = c.id AND {OF_SCOPE})
"""
NEXT = f"SELECT c.id, c.sha256, c.md5, c.sha1, c.size {CONTENTS} AND c.id > %(after)s ORDER BY c.id LIMIT {PAGE}"
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
class Told:
    """What the tables say of a content."""

    id: int
    sha256: bytes
    md5: bytes
    sha1: bytes
    size: int  # bytes


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
    for content in _contents(scope):
        found.checked += 1
        if what := _wrong(scope.agency, content, found):
            setattr(found, what, getattr(found, what) + 1)
            if len(broken) < SHOWN:
                broken[content.id] = Broken(content.sha256.hex(), what)
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


def _wrong(agency: Agency, content: Told, found: Found) -> str:
    """What is wrong with a content's bytes, or with what the tables say of them; empty if nothing is."""
    try:
        with originals.opened(agency, content.sha256) as file:
            read = passing.digests(iter(partial(file.read, CHUNK), b""))
    except Spoiled as spoiled:
        return MISSING if spoiled.reason == LOST else DIFFERING
    except SourceGone:
        return UNREACHABLE
    except OSError:  # a disk that cannot give the bytes back holds others
        return DIFFERING
    found.bytes += read.size
    is_same = (read.sha256, read.md5, read.sha1, read.size) == (
        content.sha256, content.md5, content.sha1, content.size,
    )  # fmt: skip
    return "" if is_same else DIFFERING


def _count(scope: Scope) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, scope.values)
        return int(cursor.fetchone()[0])


def _contents(scope: Scope) -> Iterator[Told]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(NEXT, scope.values | {"after": after})
            rows = cursor.fetchall()
        if not rows:
            return
        yield from (Told(key, bytes(sha256), bytes(md5), bytes(sha1), size) for key, sha256, md5, sha1, size in rows)
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
