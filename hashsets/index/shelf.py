"""Where index files lie, and which one answers for a set at a version.

`WINNOW_DATA/index/<set>/<version>.base` and `<version of the base>-<version>.delta`. Every process maps them once, and
looks whether they are what they should be; what is not is removed, and `building` makes it anew. Where the system does
not let a process read them (no descriptors, no memory, no right), they stay, and PostgreSQL answers meanwhile.
"""

import hashlib
import logging
import re
import threading
from pathlib import Path
from uuid import UUID

from django.conf import settings

from hashsets import caches
from hashsets.index import layout
from hashsets.index.layout import PAGE, DamagedIndex, Header
from hashsets.index.searching import Index, IndexFile

BASE = re.compile(r"(\d+)\.base")
DELTA = re.compile(r"(\d+)-(\d+)\.delta")

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
    try:
        places = paths(of_set, generation)
        if not places:
            _tell(of_set, generation)
            return None
        files = [_mapped(path, held) for path in places]
        found = Index(*files)
        found.check(of_set, generation)
    except DamagedIndex as error:
        log.warning("The index of hash set %s is damaged and removed, PostgreSQL answers: %s", of_set, error)
        discard(of_set)
        return None
    except OSError as error:  # says nothing of what is in the file
        log.warning("The index of hash set %s cannot be read now, PostgreSQL answers: %s", of_set, error)
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
    """What a file says of itself, its columns unread; None where it is not one of ours, or cut off. Raises OSError."""
    try:
        with path.open("rb") as file:
            found = layout.read(file.read(PAGE), secret())
            return found if path.stat().st_size == found.size else None
    except (DamagedIndex, FileNotFoundError):
        return None


def is_made(of_set: UUID, generation: int) -> bool:
    """Whether the files of a version are there, by their headers; those that cannot be read now are taken for good."""
    try:
        places = paths(of_set, generation)
        headers = [header(path) for path in places]
    except OSError as error:
        log.warning("The index of hash set %s cannot be read now: %s", of_set, error)
        return True
    return bool(places) and all(one is not None and one.set == of_set for one in headers)


def discard(of_set: UUID) -> None:
    """Remove all files of a set; who has them mapped keeps them until he lets go."""
    caches.remove(folder(of_set))


def keep_only(of_set: UUID, kept: list[Path]) -> None:
    """Remove what is superseded."""
    for path in caches.entries(folder(of_set)):
        if path not in kept and (BASE.fullmatch(path.name) or DELTA.fullmatch(path.name)):
            path.unlink(missing_ok=True)


def _names(of_set: UUID) -> list[str]:
    return [path.name for path in caches.entries(folder(of_set))]
