"""The files that ended with a reason: read from the ledger in pages, by its own index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from cases import paths
from cases.models import Case, Exhibit, FileInstance
from cases.names import display

PAGE, AT_ONCE = 200, 5000  # rows of a page, and read at once for a file
S = FileInstance.State
OUTCOMES = {
    S.PENDING: "pending",
    S.HASHED: "pending",
    S.ACCEPTED: "accepted",
    S.WITHOUT_PREVIEW: "accepted-without-preview",
    S.REJECTED: "rejected-with-reason",
}
WORDS = {
    "not-regular-file": noop("Not a file: a pipe, socket or device. It was not opened."),
    "symlink-not-followed": noop("A link. Where it leads was not followed."),
    "unreadable": noop("Could not be read."),
    "changed-during-read": noop("Changed while it was read."),
    "file-missing": noop("Named by the case document, but the file is not there."),
    "unsafe-path": noop("The case document names a path outside its folder. It was not followed."),
    "upload-incomplete": noop("The browser said it would send it, and the upload was ended before it came whole."),
    "record-unreadable": noop("A record of the case document that cannot be read. It is counted here."),
    "hash-mismatch": noop("Its MD5 is not the one the case document gives. Our own hash counts."),
    "empty-file": noop("Empty: no bytes."),
    "not-media": noop("Not a picture or video by its content."),
    "no-picture": noop("Sound without a picture."),
    "no-sound": noop("A film without sound."),
    "truncated": noop("Cut off. The preview shows what is there."),
    "embedded-preview": noop("A camera's raw file without a usable exposure. The small picture inside it is shown."),
    "undecodable": noop("Damaged: the decoder cannot make a picture of it."),
    "unsupported-format": noop("A format that gets no preview yet."),
    "too-many-pixels": noop("Too large to decode safely."),
    "decoder-limit": noop("Needs more memory than the decoder may have."),
    "decoder-timeout": noop("Took the decoder too long."),
    "decoder-killed": noop("The decoder died over it, or three workers did."),
    "bytes-lost": noop("Its bytes are gone: from the evidence store, or from the share they were left on."),
    "bytes-differ": noop("What lies on the share it was left on is not what came in."),
    "archive": noop("An archive. Its members are listed as files of their own."),
    "too-deep": noop("An archive in too many archives. It was not opened."),
    "unsupported-archive": noop("An archive of a kind that is not opened. What is in it is not in the case."),
    "encrypted": noop("Encrypted in an archive, or an encrypted archive."),
    "bad-crc": noop("Damaged in the archive: its checksum is wrong."),
    "corrupt": noop("Damaged in the archive."),
    "unsupported-compression": noop("Compressed in a way that is not supported."),
    "is-link": noop("A link inside an archive. Where it leads was not followed."),
    "over-limit": noop("Beyond the limits for one archive or disk image."),
    "archive-part": noop("One part of an archive in several files."),
    "no-file-system": noop("A part of the disk without a file system that can be read. It was not searched."),
    "reallocated": noop("A deleted name. Its place on the disk belongs to another file now."),
    "not-recoverable": noop("A deleted name. Nothing of what it stood for can be found any more."),
}
ADVICE = {
    "symlink-not-followed": noop("Add the target itself if it is evidence."),
    "unreadable": noop("Repair the copy, then add it as a new exhibit."),
    "changed-during-read": noop("Add it again from a copy that stands still."),
    "file-missing": noop("Ask the sender."),
    "unsafe-path": noop("Ask the sender."),
    "upload-incomplete": noop("Upload it as a new exhibit."),
    "record-unreadable": noop("Ask the sender."),
    "hash-mismatch": noop("Ask the sender which of the two is right."),
    "truncated": noop("Decide by what the preview shows, or look for a whole copy."),
    "undecodable": noop("Look for a whole copy, or examine it with other tools."),
    "unsupported-format": noop("Examine it with other tools."),
    "too-many-pixels": noop("Examine it with other tools."),
    "decoder-limit": noop("Examine it with other tools."),
    "decoder-timeout": noop("Examine it with other tools."),
    "decoder-killed": noop("Examine it with other tools, and tell your administrator."),
    "bytes-lost": noop("Tell your administrator: store or share must be restored from the backup."),
    "bytes-differ": noop("Tell your administrator: the share must be restored from its backup."),
    "encrypted": noop("Give its password on the problems page, and it is read."),
    "too-deep": noop("Unpack it with other tools and add what is inside."),
    "unsupported-archive": noop("Unpack it with other tools and add what is inside."),
    "archive-part": noop("Join the parts and add the whole."),
    "bad-crc": noop("Look for a whole copy of the archive."),
    "corrupt": noop("Look for a whole copy of the archive."),
    "unsupported-compression": noop("Unpack it with other tools and add what is inside."),
    "is-link": noop("Add the target itself if it is evidence."),
    "over-limit": noop("Unpack it with other tools and add what is inside."),
}

LIST = f"""
SELECT f.id, x.ref, {paths.WHOLE_SHOWN}, f.state, f.reason, f.size, i.public_id
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
LEFT JOIN cases_item i ON i.case_id = x.case_id AND i.content_id = f.content_id
WHERE x.case_id = %(case)s AND x.removed_at IS NULL AND f.id > %(after)s AND f.reason <> ''
  AND (%(exhibit)s::uuid IS NULL OR x.public_id = %(exhibit)s::uuid) AND (%(reason)s = '' OR f.reason = %(reason)s)
ORDER BY f.id LIMIT %(limit)s
"""  # noqa: S608 only a constant


def words(reason: str) -> str:
    """What a reason means, for people; empty for none."""
    return _(WORDS[reason]) if reason in WORDS else reason


@dataclass(frozen=True, slots=True)
class Problem:
    """One file with a reason."""

    id: int
    exhibit: str
    raw_path: bytes  # `archive > member` for what lies in others
    state: str
    reason: str
    size: int | None  # bytes, as far as known
    item: UUID | None  # its item in the case, where it has one

    @property
    def name(self) -> str:
        """The path as a person may see it."""
        return display(self.raw_path)

    @property
    def outcome(self) -> str:
        """What became of it, in the words of commands.md."""
        return OUTCOMES[S(self.state)]

    @property
    def means(self) -> str:
        """The reason in words."""
        return words(self.reason)

    @property
    def advice(self) -> str:
        """What a person can do about it; empty where nothing needs to be done."""
        return _(ADVICE[self.reason]) if self.reason in ADVICE else ""


def page(
    case: Case, *, exhibit: UUID | None = None, reason: str = "", after: int = 0, limit: int = PAGE
) -> list[Problem]:
    """The next files with a reason after the row `after`. One query, no counting."""
    values = {"case": case.pk, "exhibit": exhibit, "reason": reason, "after": after, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(LIST, values)
        fields = cursor.fetchall()
    return [Problem(row, ref, bytes(raw), *rest) for row, ref, raw, *rest in fields]


def by_reason(exhibits: Sequence[int]) -> dict[str, int]:
    """How many files of these exhibits (ids) ended with each reason. One query over the index of such files."""
    found = FileInstance.objects.filter(exhibit__in=exhibits).exclude(reason="")
    return dict(found.order_by().values_list("reason").annotate(files=Count("id")))


def of(case: Case, *, exhibit: UUID | None = None, reason: str = "") -> Iterator[Problem]:
    """Every file with a reason, page by page."""
    after = 0
    while rows := page(case, exhibit=exhibit, reason=reason, after=after, limit=AT_ONCE):
        yield from rows
        after = rows[-1].id


def grouped(case: Case, *, exhibit: UUID | None = None, reason: str = "") -> Iterator[Problem]:
    """The same, of one exhibit or reason if asked, those of one reason together."""
    kept = Exhibit.objects.filter(case=case, removed_at=None)
    ids = list((kept.filter(public_id=exhibit) if exhibit else kept).values_list("pk", flat=True))
    for one in [reason] if reason else sorted(by_reason(ids)):
        yield from of(case, exhibit=exhibit, reason=one)
