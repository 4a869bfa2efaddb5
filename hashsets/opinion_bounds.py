"""What one organisation's opinion may not change of an entry that others stand for.

Trust is what several organisations said of the hashes that are there. A size, a look or a flag that only one of them
brings would be believed as much as all of them. Another digest makes it another entry (`placing`).
"""

from dataclasses import replace
from typing import Any

from hashsets import kinds
from hashsets.entries import NewEntry
from hashsets.entry_rows import Version


def bounded(row: NewEntry, version: Version) -> NewEntry:
    """The row, without what it adds to an entry that others stand for."""
    same: dict[str, Any] = {name: getattr(row, name) if getattr(version, name) else None for name in kinds.DIGESTS}
    flags = {name: value for name, value in row.flags.items() if name not in version.flags}
    return replace(row, **same, size=version.size, pdq=None, flags=flags)
