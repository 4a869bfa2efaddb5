"""Which reader a path asks for, when nobody says; whether an exhibit's source is there."""

from pathlib import Path

from cases.ingest import reader
from cases.ingest.base import SourceGone, SourceUnusable
from cases.ingest.vics_case import VicsCase
from cases.models import Exhibit


def reader_for(source: bytes) -> str:
    """`vics` for a JSON document and for a folder or zip that holds one VICS case; else `folder` or `archive`.

    Raises SourceUnusable.
    """
    path = Path(source.decode("utf-8", "surrogateescape"))
    if not (path.is_dir() or path.is_file()):
        raise SourceUnusable("There is nothing to read at this path.")
    if path.suffix.lower() == ".json" and path.is_file():
        return VicsCase.id
    if VicsCase().knows(source):
        return VicsCase.id
    return "folder" if path.is_dir() else "archive"


def is_reachable(exhibit: Exhibit) -> bool:
    """Whether the exhibit's source can be listed and read now."""
    try:
        reader(exhibit.reader).check(bytes(exhibit.source))
    except (SourceGone, SourceUnusable):
        return False
    return True
