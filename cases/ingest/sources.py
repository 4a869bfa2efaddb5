"""Which reader a path asks for, when nobody says."""

import os
from pathlib import Path

from cases.ingest.base import SourceGone, SourceUnusable
from workbench.jail import image_signatures


def reader_for(source: bytes) -> str:
    """A folder, a case document, a disk image, or an archive. Raises SourceUnusable, SourceGone."""
    path = Path(source.decode("utf-8", "surrogateescape"))
    if path.is_dir():
        return "folder"
    if not path.is_file():
        raise SourceUnusable("There is nothing to read at this path.")
    if path.suffix.lower() == ".json":
        return "vics"
    return "image" if _is_image(path) else "archive"


def _is_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(image_signatures.HEAD_BYTES)
            file.seek(max(0, os.fstat(file.fileno()).st_size - image_signatures.TAIL_BYTES))
            return image_signatures.is_image(head, file.read(image_signatures.TAIL_BYTES))
    except OSError as error:
        raise SourceGone from error
