"""What lies in the folders the browser may take evidence from. Names are bytes: pages carry them percent-encoded."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote_from_bytes, unquote_to_bytes

from django.conf import settings

from cases.ingest.base import SourceGone, SourceUnusable
from cases.ingest.folder import Folder
from cases.names import display

MOST = 500  # entries a page offers
COUNTED = 1000  # files of a folder that are counted before it is added; of more it is only said that there are
COUNTED_FOLDERS = 40  # in a list of more, no folder's files are counted


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder or file at the top of an evidence root."""

    path: str  # as a page posts it back
    name: str
    kind: str  # folder, zip, file
    size: int | None  # bytes, of a file
    raw: bytes  # the whole path


def entries() -> list[Entry]:
    """Folders and files that evidence can be taken from, by name; at most MOST."""
    found = {entry.path: entry for root in settings.EVIDENCE_ROOTS for entry in _in(os.fsencode(root))}
    return sorted(found.values(), key=lambda entry: entry.name)[:MOST]


def places() -> list[str]:
    """The folders themselves, as a person may see them."""
    return [display(os.fsencode(root)) for root in settings.EVIDENCE_ROOTS]


def raw_path(posted: str) -> bytes:
    """The path below an evidence root that a page posted back."""
    return unquote_to_bytes(posted.encode("utf-8", "surrogateescape"))


def files_below(entry: Entry) -> int:
    """Files in the folder and below, as many as are named at all, counted up to one more than COUNTED."""
    nodes = Folder(tuple(map(os.fsencode, settings.EVIDENCE_ROOTS))).find(entry.raw)
    try:
        return sum(1 for _node in islice(nodes, COUNTED + 1))
    except (SourceGone, SourceUnusable):
        return 0  # taken away, or not ours to read


def _in(root: bytes) -> Iterator[Entry]:
    try:
        with os.scandir(root) as nodes:
            for node in nodes:
                if not node.name.startswith(b"."):
                    yield from _entry(node)
    except OSError:
        return  # a root that is not there offers nothing


def _entry(node: "os.DirEntry[bytes]") -> Iterator[Entry]:
    path, name = quote_from_bytes(node.name), display(node.name)
    if node.is_dir(follow_symlinks=False):
        yield Entry(path, name, "folder", None, node.path)
    elif node.is_file(follow_symlinks=False):
        kind = "zip" if node.name.lower().endswith(b".zip") else "file"
        yield Entry(path, name, kind, node.stat(follow_symlinks=False).st_size, node.path)
