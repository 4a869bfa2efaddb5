"""Finding the file a VICS record means: by its relative path, its base name, its MD5 (vics.md section 4). PURE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SLASHES = re.compile(r"[\\/]+")
_DRIVE = re.compile(r"[A-Za-z]:")
_MD5 = re.compile(r"[0-9a-f]{32}")


class PathRefused(ValueError):
    """A path that leads out of the delivered folder, or could."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the delivery. `how`: "path", "path in other case", "base name" or "md5 name"."""

    name: str
    how: str


def components(path: str) -> tuple[str, ...]:
    """A relative path split at both slashes. Raises PathRefused for `..`, absolute, drive and UNC paths."""
    if path.startswith(("/", "\\")) or _DRIVE.match(path):
        raise PathRefused("not a relative path")
    if "\0" in path:
        raise PathRefused("a NUL in the path")
    parts = tuple(part for part in _SLASHES.split(path) if part not in ("", "."))
    if ".." in parts:
        raise PathRefused("leads out of the folder")
    return parts


def stored_path(md5: bytes) -> tuple[str, ...]:
    """Where exports keep a file: Files, two and two digits, the MD5 without extension."""
    text = md5.hex()
    return "Files", text[:2], text[2:4], text


class MediaIndex:
    """The file names of one delivery (zip members, or paths below a folder), ready to be looked up.

    `document` is the name of the JSON: only what lies in its folder can be meant. Names with back-slashes
    are understood. A name that leads out of the delivery is never found.
    """

    def __init__(self, names: Iterable[str], document: str = "") -> None:
        folder = _safe(document)[:-1]
        self._exact: dict[str, str] = {}
        self._lower: dict[str, str | None] = {}
        self._base: dict[str, str | None] = {}
        for name in names:
            parts = _safe(name)
            if parts and parts[: len(folder)] == folder:
                self._add(name, parts[len(folder) :])

    def find(self, path: Sequence[str] | None, md5: bytes | None) -> Found | None:
        """The file of a record, or None: its record is kept and says the file is missing."""
        if path:
            if name := self._exact.get("/".join(path)):
                return Found(name, "path")
            if name := self._lower.get("/".join(path).lower()):
                return Found(name, "path in other case")
            if name := self._base.get(path[-1].lower()):
                return Found(name, "base name")
        if md5 and (name := self._exact.get("/".join(stored_path(md5))) or self._base.get(md5.hex())):
            return Found(name, "md5 name")
        return None

    def _add(self, name: str, parts: Sequence[str]) -> None:
        key = "/".join(parts)
        self._exact.setdefault(key, name)
        _add_unless_ambiguous(self._lower, key.lower(), name)
        base = parts[-1].lower()
        _add_unless_ambiguous(self._base, base, name)
        stem = base.partition(".")[0]
        if stem != base and _MD5.fullmatch(stem):
            _add_unless_ambiguous(self._base, stem, name)


def _add_unless_ambiguous(index: dict[str, str | None], key: str, name: str) -> None:
    """Two files under one key: neither is found by it, for picking one would be guessing."""
    index[key] = None if index.get(key, name) != name else name


def _safe(name: str) -> tuple[str, ...]:
    try:
        return components(name)
    except PathRefused:
        return ()
