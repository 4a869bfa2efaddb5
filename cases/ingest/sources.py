"""Which reader a path asks for, when nobody says; whether an exhibit's source is there."""

import os
from pathlib import Path

from django.utils.translation import gettext_noop as noop

from cases.ingest import reader, roots, segments
from cases.ingest.base import SourceGone, SourceUnusable
from cases.ingest.folder import Folder
from cases.ingest.vics_case import VicsCase
from cases.models import Exhibit
from cases.names import display
from workbench.jail import image_signatures

IMAGE_FOLDER = 200  # files and folders; in a folder of more nobody looks for an image


def reader_for(source: bytes) -> str:
    """`vics` for a JSON document and for a folder or zip that holds one VICS case; else by what the path leads to.

    Raises SourceUnusable, SourceGone.
    """
    path = Path(source.decode("utf-8", "surrogateescape"))
    if not (path.is_dir() or path.is_file()):
        raise SourceUnusable(noop("There is nothing to read at this path."))
    if path.suffix.lower() == ".json" and path.is_file():
        return VicsCase.id
    if VicsCase().knows(source):
        return VicsCase.id
    if path.is_dir():
        return "folder"
    return "image" if _is_image(path) else "archive"


def _is_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(image_signatures.HEAD_BYTES)
            file.seek(max(0, os.fstat(file.fileno()).st_size - image_signatures.TAIL_BYTES))
            return image_signatures.is_image(head, file.read(image_signatures.TAIL_BYTES))
    except OSError as error:
        raise SourceGone from error


def image_within(exhibit: Exhibit) -> str:
    """The name of the disk image in a small folder that is taken in file by file; empty where there is none."""
    source = bytes(exhibit.source)
    try:
        if exhibit.reader != Folder.id or len(os.listdir(source)) > IMAGE_FOLDER:  # noqa: PTH208 bytes
            return ""
        return display(segments.first_of(source, roots()).rpartition(b"/")[2])
    except (OSError, SourceGone, SourceUnusable):
        return ""


def is_reachable(exhibit: Exhibit) -> bool:
    """Whether the exhibit's source can be listed and read now."""
    try:
        reader(exhibit.reader).check(bytes(exhibit.source))
    except (SourceGone, SourceUnusable):
        return False
    return True
