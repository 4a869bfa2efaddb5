"""Which reader a path asks for, when nobody says."""

from pathlib import Path

from cases.ingest.base import SourceUnusable
from cases.ingest.vics_case import VicsCase


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
