"""The near index of each set: built from PostgreSQL, which is the truth, and rebuilt when absent or damaged.

`WINNOW_DATA/near/SET/GENERATION.near`. A version that differs little from the last base is a delta to it. What is two
versions old is deleted; processes that still have it mapped keep it until they turn to a newer one. Where a version has
no index, what came and went since an earlier one is read from PostgreSQL, and where there is none, all hashes, which
are compared one by one: slower, the same answer. What a process keeps of all this is in `near_held`.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from hashsets import caches, entry_hashes
from hashsets.models import HashSet
from hashsets.near import NearFile, Snapshot, Unusable, files, tables
from hashsets.near.tables import Bytes, Tables
from workbench.jobs import alone

BUILD_SPACE = 0x4E454152  # advisory lock of who builds, with the set
SHARE = 10  # a delta holds at most one in so many of its base's hashes, or FEWEST
ENDING = ".near"
log = logging.getLogger(__name__)

SETS = f"""
SELECT h.id, h.public_id, h.generation FROM hashsets_hashset h
WHERE h.generation > 0 AND h.retired_at IS NULL AND {entry_hashes.USED.format(set="h.id")} ORDER BY h.id
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
        return _root() / str(self.public_id)

    def path(self, generation: int) -> Path:
        """The index of one of its generations."""
        return self.folder / f"{generation}{ENDING}"


def fresh(place: Place, since: int) -> Snapshot:
    """Those of the hashes in force at the place's generation that came in after `since`, from PostgreSQL.

    With tables, for a search of many; in memory, 168 bytes a hash.
    """
    entries, hashes = entry_hashes.in_force(place.set_id, place.generation, since)
    return Snapshot(_whole(place, entries, hashes, _tables(hashes)))


def sets() -> list[Place]:
    """Every set in use that holds a PDQ, at the generation in force."""
    with connection.cursor() as cursor:
        cursor.execute(SETS)
        return [Place(*row) for row in cursor.fetchall()]


def behind() -> list[int]:
    """Ids of sets whose generation in force has no index."""
    return [place.set_id for place in sets() if not place.path(place.generation).exists()]


def build(set_id: int) -> bool:
    """Make the index of the generation in force, unless it stands; whether one was made.

    One builder a set at a time. Older files go, but for those of the version before and what they rest on.
    """
    with alone(BUILD_SPACE, set_id) as ours:
        row = HashSet.objects.filter(pk=set_id, retired_at=None).values_list("public_id", "generation").first()
        if not ours or row is None or not entry_hashes.any_of(set_id):
            return False
        place = Place(set_id, *row)
        if from_files(place, whole=False) is not None:
            return False
        files.write(place.path(place.generation), _made(place))
        _delete_old(place)
        return True


def sweep() -> int:
    """Remove files of sets that need none, and what killed builders left; returns how many."""
    return caches.sweep(_root(), [place.public_id for place in sets()])


def _root() -> Path:
    return Path(settings.DATA_DIR, "near")


def _made(place: Place) -> NearFile:
    base = _newest_base(place)
    delta = _delta(place, base) if base is not None else None
    if base is None or delta is None or _changed(delta) > max(tables.FEWEST, len(base.entries) // SHARE):
        return _base(place)
    return delta


def _changed(delta: NearFile) -> int:
    return len(delta.gone) + len(delta.entries)


def _base(place: Place) -> NearFile:
    entries, hashes = entry_hashes.in_force(place.set_id, place.generation)
    return _whole(place, entries, hashes, _tables(hashes))


def _whole(place: Place, entries: NDArray[np.int64], hashes: Bytes, index: Tables | None) -> NearFile:
    none = np.empty(0, np.int64)
    return NearFile(place.public_id, place.generation, place.generation, entries, hashes, none, index)


def _delta(place: Place, base: NearFile) -> NearFile:
    """What differs from the base."""
    gone = entry_hashes.gone(place.set_id, base.generation, place.generation)
    entries, hashes = entry_hashes.in_force(place.set_id, place.generation, since=base.generation)
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


def from_files(place: Place, *, whole: bool = True) -> Snapshot | None:
    """The version from its file and the one that rests on; None where they are not there or cannot be used."""
    found = _read(place, place.generation, whole=whole)
    if found is None:
        return None
    if found.base == found.generation:
        return Snapshot(found)
    base = _read(place, found.base, whole=whole)
    if base is not None:
        return Snapshot(base, found)
    if not place.path(found.base).exists():  # without it the delta says nothing; both are built anew
        place.path(place.generation).unlink(missing_ok=True)
    return None


def _read(place: Place, generation: int, *, whole: bool = True) -> NearFile | None:
    """The file of a generation; None if there is none that can be used. A damaged one is deleted, to be built anew."""
    path = place.path(generation)
    try:
        return files.read(path, of=place.public_id, generation=generation, whole=whole)
    except FileNotFoundError:
        return None
    except Unusable as error:
        log.warning("the near index %s cannot be used, and is built anew: %s", path.name, error)
        path.unlink(missing_ok=True)
    except OSError as error:  # says nothing of what is in the file
        log.warning("the near index %s cannot be read now: %s", path.name, error)
    return None


def from_tables(place: Place) -> Snapshot:
    """What came and went since an index that is there, or all hashes, in memory: 40 bytes each."""
    base = _newest_base(place)
    log.warning("set %s has no near index of version %s: what changed since %s is read from the database",
                place.public_id, place.generation, f"version {base.generation}" if base else "the first")  # fmt: skip
    if base is not None:
        return Snapshot(base, _delta(place, base))
    return Snapshot(_whole(place, *entry_hashes.in_force(place.set_id, place.generation), None))


def _generations(place: Place) -> list[int]:
    """Of those files that are there."""
    return [int(path.stem) for path in place.folder.glob(f"*{ENDING}") if path.stem.isdigit()]


def _delete_old(place: Place) -> None:
    """Keep the generation in force and the one before, which a re-match may still ask for, and their bases."""
    numbers = sorted(_generations(place), reverse=True)[:2]
    bases = {found.base for number in numbers if (found := _read(place, number, whole=False))}
    caches.drop_drafts(place.folder)
    for number in set(_generations(place)) - {*numbers, *bases}:
        place.path(number).unlink(missing_ok=True)
