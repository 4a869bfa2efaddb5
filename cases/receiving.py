"""What all ways of sending files for an exhibit share: the exhibit held while it waits, names, where the bytes lie."""

from pathlib import Path

from django.utils.translation import gettext_noop as noop

from cases import closing, evidence
from cases.evidence import NotInThisState
from cases.ingest.upload import Upload
from cases.models import Exhibit
from workbench import durable
from workbench.errors import BadInput

LONGEST_NAME = 16_384  # bytes
LARGEST = 1 << 60  # bytes that a file may be said to have


def hold(exhibit: Exhibit) -> None:
    """Keep an exhibit waiting for files until the caller's transaction ends: nobody reads them yet.

    Raises NotInThisState, CaseIsClosed.
    """
    closing.require_open(exhibit.case_id)
    waiting = Exhibit.objects.select_for_update().filter(pk=exhibit.pk, state=Exhibit.State.WAITING, reader=Upload.id)
    if not waiting.exists():
        raise NotInThisState


def check_name(raw_path: bytes) -> None:
    """Refuse a name that no file has. Any other is only data. Raises BadInput."""
    if not raw_path or len(raw_path) > LONGEST_NAME:
        raise BadInput(noop("A file came without a name, or with one that is too long."))


def check_size(size: int) -> None:
    """Refuse a size that no file has. Raises BadInput."""
    if not 0 <= size <= LARGEST:
        raise BadInput(noop("Every file needs its size in bytes."))


def folder(exhibit: Exhibit) -> Path:
    """Where the exhibit's files wait, made and durable. Only while it is held: its ingest removes the folder."""
    place = Path(evidence.upload_folder(exhibit.public_id))
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    durable.sync_folder(place.parent)
    return place
