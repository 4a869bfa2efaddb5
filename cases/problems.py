"""The files that ended with a reason: read from the ledger in pages, by its own index."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from cases import paths
from cases.models import Case, FileInstance
from cases.names import display

PAGE = 200
S = FileInstance.State
OUTCOMES = {
    S.PENDING: "pending",
    S.HASHED: "pending",
    S.ACCEPTED: "accepted",
    S.WITHOUT_PREVIEW: "accepted-without-preview",
    S.REJECTED: "rejected-with-reason",
}
WORDS = {
    "not-regular-file": "Not a file: a pipe, socket or device. It was not opened.",
    "symlink-not-followed": "A link. Where it leads was not followed.",
    "unreadable": "Could not be read.",
    "changed-during-read": "Changed while it was read. Take it in again from a copy that stands still.",
    "file-missing": "Named by the case document, but the file is not there.",
    "unsafe-path": "The case document names a path outside its folder. It was not followed.",
    "record-unreadable": "A record of the case document that cannot be read. It is counted here.",
    "hash-mismatch": "Its MD5 is not the one the case document gives. Our own hash counts.",
    "empty-file": "Empty: no bytes.",
    "not-media": "Not a picture or video by its content.",
    "no-picture": "Sound without a picture.",
    "truncated": "Cut off. The preview shows what is there.",
    "embedded-preview": "A camera's raw file without a usable exposure. The small picture inside it is shown.",
    "undecodable": "Damaged: the decoder cannot make a picture of it.",
    "unsupported-format": "A format that gets no preview yet.",
    "too-many-pixels": "Too large to decode safely.",
    "decoder-limit": "Needs more memory than the decoder may have.",
    "decoder-timeout": "Took the decoder too long.",
    "decoder-killed": "The decoder died over it, or three workers did.",
    "bytes-lost": "The evidence store no longer has its bytes. Restore it from the backup.",
    "archive": "An archive. Its members are listed as files of their own.",
    "too-deep": "An archive in too many archives. It was not opened.",
    "unsupported-archive": "An archive of a kind that is not opened. What is in it is not in the case.",
    "encrypted": "Encrypted in an archive, or an encrypted archive. Give its password and it is read.",
    "bad-crc": "Damaged in the archive: its checksum is wrong.",
    "corrupt": "Damaged in the archive.",
    "unsupported-compression": "Compressed in a way that is not supported.",
    "is-link": "A link inside an archive. Where it leads was not followed.",
    "over-limit": "Beyond the limits for one archive.",
    "archive-part": "One part of an archive in several files. Join the parts and add the whole.",
}

LIST = f"""
SELECT f.id, x.ref, {paths.WHOLE_SHOWN}, f.state, f.reason, f.size
FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
WHERE x.case_id = %(case)s AND f.id > %(after)s AND f.reason <> ''
  AND (%(exhibit)s::uuid IS NULL OR x.public_id = %(exhibit)s::uuid) AND (%(reason)s = '' OR f.reason = %(reason)s)
ORDER BY f.id LIMIT %(limit)s
"""  # noqa: S608 only a constant


def words(reason: str) -> str:
    """What a reason means, for people; empty for none."""
    return WORDS.get(reason, reason)


@dataclass(frozen=True, slots=True)
class Problem:
    """One file with a reason."""

    id: int
    exhibit: str
    raw_path: bytes  # `archive > member` for what lies in others
    state: str
    reason: str
    size: int | None  # bytes, as far as known

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


def page(
    case: Case, *, exhibit: UUID | None = None, reason: str = "", after: int = 0, limit: int = PAGE
) -> list[Problem]:
    """The next files with a reason after the row `after`. One query, no counting."""
    values = {"case": case.pk, "exhibit": exhibit, "reason": reason, "after": after, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(LIST, values)
        fields = cursor.fetchall()
    return [Problem(row, ref, bytes(raw), state, why, size) for row, ref, raw, state, why, size in fields]


def of(case: Case) -> Iterator[Problem]:
    """Every file with a reason, page by page."""
    after = 0
    while rows := page(case, after=after, limit=5000):
        yield from rows
        after = rows[-1].id
