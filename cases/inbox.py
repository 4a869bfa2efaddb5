"""What lies in the folders the browser may take evidence from. Names are bytes: pages carry them percent-encoded."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes

from django.conf import settings

from cases.names import display

MOST = 500  # entries a page offers


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder or file at the top of an evidence root."""

    path: str  # as a page posts it back
    name: str
    kind: str  # folder, zip, file
    size: int | None  # bytes, of a file


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
        yield Entry(path, name, "folder", None)
    elif node.is_file(follow_symlinks=False):
        kind = "zip" if node.name.lower().endswith(b".zip") else "file"
        yield Entry(path, name, kind, node.stat(follow_symlinks=False).st_size)
