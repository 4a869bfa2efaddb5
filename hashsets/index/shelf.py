"""Where index files lie, and which one answers for a set at a version.

`WINNOW_DATA/index/<set>/<version>.base` and `<version of the base>-<version>.delta`. Every process maps them once, and
looks whether they are what they should be; what is not is removed, and `building` makes it anew.
"""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

from hashsets.index import layout
from hashsets.index.layout import PAGE, DamagedIndex, Header
from hashsets.index.searching import Index, IndexFile
from hashsets.index.writing import TEMPORARY, remove

BASE = re.compile(r"(\d+)\.base")
DELTA = re.compile(r"(\d+)-(\d+)\.delta")
ABANDONED = 6 * 3600  # seconds after which a file that is being made has nobody who makes it

log = logging.getLogger(__name__)
_open: dict[UUID, tuple[int, Index]] = {}  # what this process has mapped: the version, the files
_told: set[tuple[UUID, int]] = set()  # missing ones that the log has named
_opening = threading.Lock()


def root() -> Path:
    """The folder of all index files."""
    return settings.DATA_DIR / "index"


def folder(of_set: UUID) -> Path:
    """The folder of a set's files."""
    return root() / str(of_set)


def secret() -> bytes:
    """What headers are sealed with."""
    return hashlib.sha256(b"hash set index " + settings.SECRET_KEY.encode()).digest()


def base_path(of_set: UUID, base: int) -> Path:
    """The place of a base."""
    return folder(of_set) / f"{base}.base"


def delta_path(of_set: UUID, base: int, generation: int) -> Path:
    """The place of a delta."""
    return folder(of_set) / f"{base}-{generation}.delta"


def bases(of_set: UUID) -> list[int]:
    """Versions of the bases that lie there, newest first."""
    return sorted((int(found[1]) for found in map(BASE.fullmatch, _names(of_set)) if found), reverse=True)


def paths(of_set: UUID, generation: int) -> list[Path]:
    """The files that tell of a version, the base first; none where they are not all there."""
    present = bases(of_set)
    if generation in present:
        return [base_path(of_set, generation)]
    for found in map(DELTA.fullmatch, _names(of_set)):
        if found and int(found[2]) == generation and int(found[1]) in present:
            return [base_path(of_set, int(found[1])), delta_path(of_set, int(found[1]), generation)]
    return []


def index(of_set: UUID, generation: int) -> Index | None:
    """The index of a set at a version, checked; None where PostgreSQL has to answer, which the log then says."""
    with _opening:
        held = _open.get(of_set)
        if held and held[0] == generation and held[1].stands:
            return held[1]
        found = _opened(of_set, generation, held[1] if held else None)
        if found is None:
            _open.pop(of_set, None)
        else:
            _open[of_set] = (generation, found)
            _told.discard((of_set, generation))
        return found


def _opened(of_set: UUID, generation: int, held: Index | None) -> Index | None:
    """Map and check the files; a base that was checked before is not read again."""
    places = paths(of_set, generation)
    if not places:
        _tell(of_set, generation)
        return None
    try:
        files = [_mapped(path, held) for path in places]
        found = Index(*files)
        found.check(of_set, generation)
    except (DamagedIndex, OSError) as error:
        log.warning("The index of hash set %s is not used, PostgreSQL answers: %s", of_set, error)
        discard(of_set)
        return None
    return found


def _mapped(path: Path, held: Index | None) -> IndexFile:
    """The file in memory, the one that was mapped already where it is the same."""
    if held and path.suffix == ".base" and held.base.stands and held.base.is_at(path):
        return held.base
    return IndexFile(path, secret())


def _tell(of_set: UUID, generation: int) -> None:
    """Say once that PostgreSQL answers."""
    if (of_set, generation) not in _told:
        _told.add((of_set, generation))
        log.warning("Hash set %s has no index of version %s yet, PostgreSQL answers", of_set, generation)


def header(path: Path) -> Header | None:
    """What a file says of itself, its columns unread; None where it is not one of ours, or cut off."""
    try:
        with path.open("rb") as file:
            found = layout.read(file.read(PAGE), secret())
            return found if path.stat().st_size == found.size else None
    except (DamagedIndex, OSError):
        return None


def is_made(of_set: UUID, generation: int) -> bool:
    """Whether the files of a version are there, by their headers."""
    places = paths(of_set, generation)
    headers = [header(path) for path in places]
    return bool(places) and all(one is not None and one.set == of_set for one in headers)


def discard(of_set: UUID) -> None:
    """Remove all files of a set; who has them mapped keeps them until he lets go."""
    remove(folder(of_set))


def keep_only(of_set: UUID, kept: list[Path]) -> None:
    """Remove what is superseded."""
    for path in folder(of_set).iterdir():
        if path not in kept and (BASE.fullmatch(path.name) or DELTA.fullmatch(path.name)):
            path.unlink(missing_ok=True)


def drop_drafts(of_set: UUID) -> None:
    """Remove what killed builders left. Only for the one builder of the set."""
    for path in _entries(folder(of_set)):
        if path.name.startswith(TEMPORARY):
            _remove(path)


def sweep(used: set[UUID]) -> int:
    """Remove the files of sets that need none, and what killed builders left; returns how many were removed."""
    gone = [path for path in _entries(root()) if path.name not in {str(one) for one in used}]
    oldest = time.time() - ABANDONED
    for one in used:
        gone += [path for path in _entries(folder(one)) if path.name.startswith(TEMPORARY) and _older(path, oldest)]
    for path in gone:
        _remove(path)
    return len(gone)


def _remove(path: Path) -> None:
    """Remove a file or a folder, whichever it is."""
    remove(path)
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _older(path: Path, oldest: float) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime < oldest
    return False


def _names(of_set: UUID) -> list[str]:
    return [path.name for path in _entries(folder(of_set))]


def _entries(place: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        yield from sorted(place.iterdir())
