"""The files that ended with a reason: read from the ledger in pages, by its own index."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

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
    "encrypted": "An encrypted member of an archive.",
    "bad-crc": "Damaged in the archive: its checksum is wrong.",
    "corrupt": "Damaged in the archive.",
    "unsupported-compression": "Compressed in a way that is not supported.",
    "is-link": "A link inside an archive. Where it leads was not followed.",
    "over-limit": "Beyond the limits for one archive or disk image.",
    "no-file-system": "A part of the disk without a file system that can be read. It was not searched.",
    "reallocated": "A deleted name. Its place on the disk belongs to another file now.",
    "not-recoverable": "A deleted name. Nothing of what it stood for can be found any more.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One file with a reason."""

    id: int
    exhibit: str
    raw_path: bytes
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
        return WORDS.get(self.reason, self.reason)


def page(
    case: Case, *, exhibit: UUID | None = None, reason: str = "", after: int = 0, limit: int = PAGE
) -> list[Problem]:
    """The next files with a reason after the row `after`. One query, no counting."""
    rows = FileInstance.objects.filter(exhibit__case=case, id__gt=after).exclude(reason="")
    if exhibit:
        rows = rows.filter(exhibit__public_id=exhibit)
    if reason:
        rows = rows.filter(reason=reason)
    fields = rows.order_by("id").values_list("id", "exhibit__ref", "raw_path", "state", "reason", "size")
    return [Problem(row, ref, bytes(raw), state, why, size) for row, ref, raw, state, why, size in fields[:limit]]


def of(case: Case) -> Iterator[Problem]:
    """Every file with a reason, page by page."""
    after = 0
    while rows := page(case, after=after, limit=5000):
        yield from rows
        after = rows[-1].id
