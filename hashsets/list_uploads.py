"""Files of lists that a browser sends piece by piece: after a cut, or a reload of the page, it goes on where it was.

Each is its sender's alone. The bytes lie under a name of ours until the list is on its way into the set.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from hashsets import events, import_checks, import_jobs
from hashsets.models import HashSet, ListUpload
from workbench import audit, pieces, sent_files
from workbench.errors import NotFound, WorkbenchError
from workbench.models import Job, User
from workbench.pieces import Piece

MOST_OPEN = 100  # files that one person has under way into one set


class ListIncomplete(WorkbenchError):
    """Not all of this list has come. Go on with its upload, then import it."""

    code = "list-incomplete"
    status = HTTPStatus.CONFLICT


def begin(hash_set: HashSet, *, by: User, name: bytes, size: int, fingerprint: bytes = b"") -> ListUpload:
    """The upload of a file; with a fingerprint the same file again goes on.

    Raises BadInput, UploadTooLarge, TooManyUploads, and for a set that takes no lists SetRetired, LivesByVotes.
    """
    import_checks.check_set(hash_set)
    if size > settings.UPLOAD_BYTES:
        raise pieces.UploadTooLarge
    return sent_files.begun(
        ListUpload, {"set": hash_set, "by": by}, path_of, most=MOST_OPEN, name=name, size=size, fingerprint=fingerprint
    )


def append(upload: ListUpload, piece: Piece, *, offset: int) -> int:
    """Keep a piece that begins at `offset`; the new offset. Raises as `sent_files.append` does."""
    return sent_files.append(upload, path_of(upload), piece, offset=offset)


def whole(hash_set: HashSet, ids: Sequence[UUID], *, by: User) -> list[ListUpload]:
    """The person's uploads of these ids, in their order. Raises ListIncomplete unless all came whole."""
    found = {each.public_id: each for each in ListUpload.objects.filter(set=hash_set, by=by, public_id__in=ids)}
    if len(found) != len(ids) or any(not _is_whole(each) for each in found.values()):
        raise ListIncomplete
    return [found[each] for each in ids]


def take(uploads: Sequence[ListUpload], job: Job) -> None:
    """Forget uploads whose files an import has, and note them with it, in the transaction that queues it.

    Raises ListIncomplete where one was taken, or begun anew, since they were found whole.
    """
    whole_ones = ListUpload.objects.filter(pk__in=[each.pk for each in uploads], offset=F("size"))
    if len(whole_ones.select_for_update().order_by("pk")) != len(uploads):
        raise ListIncomplete
    job.cursor = {**job.cursor, "uploads": [str(each.public_id) for each in uploads]}
    Job.objects.filter(pk=job.pk).update(cursor=job.cursor)
    _forget(uploads)


def taken(hash_set: HashSet, ids: Sequence[UUID], *, by: User) -> Job | None:
    """The import that has the person's uploads of these ids: the answer that said so may have been lost on its way."""
    runs = Job.objects.filter(kind=import_jobs.KIND, subject=import_jobs.subject(hash_set), cursor__by=by.pk)
    return runs.filter(cursor__uploads=[str(each) for each in ids]).order_by("-pk").first()


def _forget(uploads: Iterable[ListUpload]) -> int:
    """Remove uploads, their files once the present transaction is committed; how many there were."""
    gone = list(uploads)
    removed, _ = ListUpload.objects.filter(pk__in=[each.pk for each in gone]).delete()
    transaction.on_commit(partial(_remove, gone))
    return removed


@transaction.atomic
def discard(upload: ListUpload, *, by: User) -> None:
    """Forget an upload and what came of it. One event. Raises NotFound where it is gone already."""
    if not _forget([upload]):
        raise NotFound
    audit.record(
        events.LIST_DISCARDED, by=by, on=upload.set, agency=upload.set.owner_id, set=upload.set.name, name=upload.name,
        kept=upload.offset, size=upload.size,
    )  # fmt: skip


def sweep() -> None:
    """Remove what nobody went on with in time, with an event for each set, and files that no row names."""
    late = ListUpload.objects.filter(expires_at__lt=timezone.now())
    for hash_set in HashSet.objects.filter(pk__in=late.values("set")).order_by("pk"):
        with transaction.atomic():
            if not (gone := list(late.filter(set=hash_set).select_for_update(of=("self",)))):
                continue  # somebody has just gone on with them
            _forget(gone)
            audit.record(
                events.LIST_EXPIRED, by=None, on=hash_set, agency=hash_set.owner_id, set=hash_set.name, files=len(gone)
            )
    there = list(_folder().glob("*"))  # before the rows: who begins meanwhile is named by then
    named = {str(each) for each in ListUpload.objects.values_list("public_id", flat=True)}
    for path in there:
        if path.name not in named:
            path.unlink(missing_ok=True)


def path_of(upload: ListUpload) -> Path:
    """Where its bytes lie."""
    return _folder() / str(upload.public_id)


def _folder() -> Path:
    return settings.DATA_DIR / "uploads" / "lists"


def _is_whole(upload: ListUpload) -> bool:
    return upload.offset == upload.size and pieces.has(path_of(upload), upload.size)


def _remove(uploads: Iterable[ListUpload]) -> None:
    for upload in uploads:
        path_of(upload).unlink(missing_ok=True)
