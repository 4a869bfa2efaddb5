"""What one organisation's opinion may not change of an entry that others stand for.

Trust is what several organisations said of the hashes that are there. A hash, a size or a flag that only one of them
brings would be believed as much as all of them: then one peer could have any file close as trusted, or be hidden.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from hashsets import kinds
from hashsets.entries import NewEntry
from hashsets.entry_rows import Key, Version
from hashsets.models import HashSet, Vote


def of_others(hash_set: HashSet, known: Mapping[Key, Version], organisation: UUID) -> set[Key]:
    """Of these entries those that somebody else than the organisation stands for, by a vote or by an import.

    One query, none where there are no entries.
    """
    if not known:
        return set()
    rows = Vote.objects.filter(
        set=hash_set, current=True, withdrawn_after=None, ident__in=list({key.ident for key in known})
    )
    said = {(Key(bytes(ident), twin), who) for ident, twin, who in rows.values_list("ident", "twin", "organisation")}
    theirs = {key for key, who in said if who != organisation}
    alone = {key for key, who in said if who == organisation} - theirs
    listed = {key for key, version in known.items() if version.in_force and (version.listed or key not in alone)}
    return theirs | listed


def bounded(row: NewEntry, key: Key, known: Mapping[Key, Version], others: Collection[Key]) -> NewEntry:
    """The row, without what it adds to an entry that others stand for."""
    version = known.get(key)
    if version is None or key not in others:
        return row
    same: dict[str, Any] = {name: getattr(row, name) if getattr(version, name) else None for name in kinds.DIGESTS}
    flags = {name: value for name, value in row.flags.items() if name not in version.flags}
    return replace(row, **same, size=version.size, pdq=None, flags=flags)
