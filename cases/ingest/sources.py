"""Which reader a path asks for, when nobody says."""

from pathlib import Path

from cases.ingest.base import SourceUnusable


def reader_for(source: bytes) -> str:
    """A folder, a case document, or an archive. Raises SourceUnusable."""
    path = Path(source.decode("utf-8", "surrogateescape"))
    if path.is_dir():
        return "folder"
    if not path.is_file():
        raise SourceUnusable("There is nothing to read at this path.")
    return "vics" if path.suffix.lower() == ".json" else "archive"
