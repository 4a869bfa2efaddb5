"""Notices a PhotoDNA that one tool wrote on every record (vics.md section 7). PURE."""

from __future__ import annotations

from hashsets.exchange.base import Report

PLACEHOLDER_AT = 20  # different MD5s under one PhotoDNA
_ROOM = 20_000  # values watched; forgotten together, so memory stays constant


class PhotoDnaWatch:
    """Drops a placeholder from its 20th MD5 on and names it in the report.

    The records before that are already with the importer, which removes `report.placeholder_photodna` from
    them. A value whose repeats lie more than 20,000 others apart may be missed here; the importer, who has
    all rows in a table, can be exact.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._once: dict[str, bytes | None] = {}
        self._often: dict[str, set[bytes | None]] = {}

    def accepts(self, photodna: str, of: bytes | None) -> bool:
        """Whether the value may be kept for the file `of`."""
        seen = self._often.get(photodna)
        if seen is None:
            seen = self._second_time(photodna, of)
        if seen is not None and len(seen) < PLACEHOLDER_AT:
            seen.add(of)
            if len(seen) == PLACEHOLDER_AT:
                self._report.placeholder_photodna.append(photodna)
                self._report.dropped_photodna += PLACEHOLDER_AT - 1  # those the importer removes
        if seen is None or len(seen) < PLACEHOLDER_AT:
            return True
        self._report.dropped_photodna += 1
        return False

    def _second_time(self, photodna: str, of: bytes | None) -> set[bytes | None] | None:
        if photodna in self._once and self._once[photodna] != of:
            if len(self._often) >= _ROOM:
                self._often = {value: seen for value, seen in self._often.items() if len(seen) >= PLACEHOLDER_AT}
            self._often[photodna] = {self._once.pop(photodna)}
            return self._often[photodna]
        if len(self._once) >= _ROOM:
            self._once.clear()
        self._once[photodna] = of
        return None
