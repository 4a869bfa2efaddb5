"""The near index of each set: built from PostgreSQL, which is the truth, and rebuilt when absent or damaged.

`WINNOW_DATA/near/SET/GENERATION.near`. A version that differs little from the last base is a delta to it. What is two
versions old is deleted; processes that still have it mapped keep it until they turn to a newer one. Where no index is,
the hashes come from PostgreSQL and are compared one by one: slower, the same answer.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from hashsets import entry_hashes
from hashsets.models import HashSet
from hashsets.near import NearFile, Snapshot, Unusable, files, tables
from hashsets.near.tables import Bytes, Tables
from workbench.jobs import alone

BUILD_SPACE = 0x4E454152  # advisory lock of who builds, with the set
SHARE = 10  # a delta holds at most one in so many of its base's hashes, or FEWEST
KEPT = 8  # snapshots a process keeps open
ENDING = ".near"
log = logging.getLogger(__name__)

SETS = f"""
SELECT h.id, h.public_id, h.generation FROM hashsets_hashset h
WHERE h.generation > 0 AND {entry_hashes.USED.format(set="h.id")} ORDER BY h.id
"""  # noqa: S608 only constants


@dataclass(frozen=True, slots=True)
class Place:
    """A set whose hashes are wanted as of one generation."""

    set_id: int
    public_id: UUID
    generation: int

    @property
    def folder(self) -> Path:
        """Where the set's indexes lie."""
        return Path(settings.DATA_DIR, "near", str(self.public_id))

    def path(self, generation: int) -> Path:
        """The index of one of its generations."""
        return self.folder / f"{generation}{ENDING}"


_open: dict[int, Snapshot] = {}  # by set; the last used at the end
_opening = Lock()


def at(place: Place) -> Snapshot:
    """The set's hashes in force at the generation, from its files or else from PostgreSQL. Ready to search."""
    with _opening:
        found = _open.pop(place.set_id, None)
        if found is None or found.generation != place.generation or found.base.set != place.public_id:
            found = _from_files(place)
        if found is not None:
            _open[place.set_id] = found
            while len(_open) > KEPT:
                _open.pop(next(iter(_open)))
    return _from_tables(place) if found is None else found


def fresh(place: Place, since: int) -> Snapshot:
    """Those of the hashes in force at the place's generation that came in after `since`, from PostgreSQL.

    With tables, for a search of many; in memory, 168 bytes a hash.
    """
    entries, hashes = entry_hashes.in_force(place.set_id, place.generation, since)
    return Snapshot(_whole(place, entries, hashes, _tables(hashes)))


def sets() -> list[Place]:
    """Every set that holds a PDQ, at the generation in force."""
    with connection.cursor() as cursor:
        cursor.execute(SETS)
        return [Place(*row) for row in cursor.fetchall()]


def behind() -> list[int]:
    """Ids of sets whose generation in force has no index."""
    return [place.set_id for place in sets() if not place.path(place.generation).exists()]


def build(set_id: int) -> bool:
    """Make the index of the generation in force, unless it stands and is whole; whether one was made.

    One builder a set at a time. Older files go, but for those of the version before and what they rest on.
    """
    with alone(BUILD_SPACE, set_id) as ours:
        row = HashSet.objects.filter(pk=set_id).values_list("public_id", "generation").first()
        if not ours or row is None or not entry_hashes.any_of(set_id):
            return False
        place = Place(set_id, *row)
        if _from_files(place) is not None:
            return False
        files.write(place.path(place.generation), _made(place))
        _delete_old(place)
        return True


def _made(place: Place) -> NearFile:
    base = _newest_base(place)
    delta = _delta(place, base) if base is not None else None
    return delta or _base(place)


def _base(place: Place) -> NearFile:
    entries, hashes = entry_hashes.in_force(place.set_id, place.generation)
    return _whole(place, entries, hashes, _tables(hashes))


def _whole(place: Place, entries: NDArray[np.int64], hashes: Bytes, index: Tables | None) -> NearFile:
    none = np.empty(0, np.int64)
    return NearFile(place.public_id, place.generation, place.generation, entries, hashes, none, index)


def _delta(place: Place, base: NearFile) -> NearFile | None:
    """What differs from the base; None where that is so much that a new base is better."""
    gone = entry_hashes.gone(place.set_id, base.generation, place.generation)
    entries, hashes = entry_hashes.in_force(place.set_id, place.generation, since=base.generation)
    if len(gone) + len(entries) > max(tables.FEWEST, len(base.entries) // SHARE):
        return None
    return NearFile(place.public_id, place.generation, base.generation, entries, hashes, gone, _tables(hashes))


def _tables(hashes: Bytes) -> Tables | None:
    return tables.build(hashes) if len(hashes) >= tables.FEWEST else None


def _newest_base(place: Place) -> NearFile | None:
    for number in sorted(_generations(place), reverse=True):
        if number < place.generation:
            found = _read(place, number)
            if found is not None:
                return found if found.base == number else _read(place, found.base)
    return None


def _from_files(place: Place) -> Snapshot | None:
    found = _read(place, place.generation)
    if found is None:
        return None
    if found.base == found.generation:
        return Snapshot(found)
    base = _read(place, found.base)
    if base is None:  # without it the delta says nothing; both are built anew
        place.path(place.generation).unlink(missing_ok=True)
        return None
    return Snapshot(base, found)


def _read(place: Place, generation: int, *, whole: bool = True) -> NearFile | None:
    """The file of a generation; None if there is none that can be used. A damaged one is deleted, to be built anew."""
    path = place.path(generation)
    try:
        return files.read(path, of=place.public_id, generation=generation, whole=whole)
    except FileNotFoundError:
        return None
    except (Unusable, OSError) as error:
        log.warning("the near index %s cannot be used, and is built anew: %s", path.name, error)
        path.unlink(missing_ok=True)
        return None


def _from_tables(place: Place) -> Snapshot:
    log.warning("set %s has no near index of version %s: its hashes are read from the database, which takes longer",
                place.public_id, place.generation)  # fmt: skip
    return Snapshot(_whole(place, *entry_hashes.in_force(place.set_id, place.generation), None))


def _generations(place: Place) -> list[int]:
    """Of those files that are there."""
    return [int(path.stem) for path in place.folder.glob(f"*{ENDING}") if path.stem.isdigit()]


def _delete_old(place: Place) -> None:
    """Keep the generation in force and the one before, which a re-match may still ask for, and their bases."""
    numbers = sorted(_generations(place), reverse=True)[:2]
    bases = {found.base for number in numbers if (found := _read(place, number, whole=False))}
    for path in place.folder.glob("*"):
        if path.suffix != ENDING or (path.stem.isdigit() and int(path.stem) not in {*numbers, *bases}):
            path.unlink(missing_ok=True)
