"""What an import found: kept with the version it made, shown on its page, answered by the command.

Field names are a contract (commands.md). Nothing here writes to the database.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from hashsets.effects import Figures
from hashsets.exchange import Report
from hashsets.exchange.cleaning import clean_json
from hashsets.exchange.photodna_watch import PLACEHOLDER_AT
from hashsets.swapping import Difference
from workbench.errors import WorkbenchError

IN_LOG = ("name", "sha256", "bytes", "format", "encoding", "version", "region", "producer")  # of each file
CodeCounts = dict[str, tuple[str, int]]  # category -> (disposition, entries)


@dataclass(slots=True)
class PartReport:
    """One file of the list. `found` is what its reader counted."""

    name: str
    sha256: str
    bytes: int
    found: Report = field(default_factory=Report)

    def as_json(self) -> dict[str, Any]:
        """Its own counts, under the reader's names."""
        return {"name": self.name, "sha256": self.sha256, "bytes": self.bytes, **self.found.as_json()}


@dataclass(slots=True)
class ImportReport:
    """The whole list. Counts of rows are 0 until they are known; `refused` says why nothing was stored."""

    set: str = ""
    dry_run: bool = False
    run: str = ""  # public id of its job
    parts: list[PartReport] = field(default_factory=list)
    accepted: int = 0  # records that went into the temporary table
    stored: int = 0  # rows, one per identity
    conflicts: int = 0
    two_categories: int = 0  # rows that the list gives several categories, all of which mean the same for the queue
    pdq: int = 0  # records with a hash that is searched by distance
    codes: CodeCounts = field(default_factory=dict)
    dropped_after_reading: int = 0
    notes: list[dict[str, Any]] = field(default_factory=list)
    difference: Difference | None = None
    generation: int = 0
    compared_with: int | None = None  # number of the version that was in force
    only_media: bool = False
    add: bool = False  # the list was added to the set, instead of becoming it
    already_in_force: bool = False
    refused: str = ""
    refused_code: str = ""
    foreseen: Figures | None = None  # what a dry run would do in cases; not of the report, which anybody may be handed
    offset: int | None = None  # bytes into a broken document

    @property
    def source(self) -> str:
        """The files' names, as people know them."""
        return ", ".join(part.name for part in self.parts)

    @property
    def source_sha256(self) -> bytes:
        """Of one file its own; of several, of their sorted digests, so the order of parts does not matter."""
        digests = sorted(bytes.fromhex(part.sha256) for part in self.parts)
        return digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()

    def count(self, accepted: int, *, stored: int, conflicts: int, two_categories: int, codes: CodeCounts) -> None:
        """Note what staging amounted to."""
        self.accepted, self.stored, self.codes = accepted, stored, codes
        self.conflicts, self.two_categories = conflicts, two_categories

    def compare(self, difference: Difference) -> None:
        """Note what changes against the version in force."""
        self.difference = difference

    def warn(self, code: str, detail: str, position: int | None = None, **more: Any) -> None:
        """A warning that only the whole list gives; `position` counts on from part to part."""
        self.notes.append({"code": code, "detail": detail, "position": position, **more})

    def refuse(self, error: WorkbenchError) -> None:
        """Note why nothing was stored."""
        self.refused, self.refused_code = error.english, error.code
        self.offset = getattr(error, "offset", None)

    def as_json(self) -> dict[str, Any]:
        """The report as stored, shown and downloaded."""
        told: dict[str, Any] = clean_json({
            **self.figures(),
            "set": self.set,
            "run": self.run,
            "source": self.source,
            "source_sha256": self.source_sha256.hex() if self.parts else "",
            "files": [part.as_json() for part in self.parts],
            "warnings": self.warnings(),
            "unknown_fields": self._summed("unknown_fields"),
            "unmapped": self.unmapped,
            "codes": {code: rows for code, (_meaning, rows) in self.codes.items()},
            "bad_dates": sum(part.found.bad_dates for part in self.parts),
            "dropped_photodna": self._dropped_photodna(),
        })  # fmt: skip
        return told

    def for_log(self) -> dict[str, Any]:
        """For the event: every count and digest, without the words of single records."""
        told = self.as_json()
        told["warnings"] = len(told["warnings"])
        told["files"] = [{key: part[key] for key in IN_LOG} for part in told["files"]]
        return told

    def figures(self) -> dict[str, Any]:
        """What scripts ask for first."""
        diff = self.difference or Difference(0, 0, 0, 0)
        return {
            "read": sum(part.found.read for part in self.parts),
            "stored": self.stored,
            "duplicates": self.accepted - self.stored,
            "conflicts": self.conflicts,
            "two_categories": self.two_categories,
            "pdq": self.pdq,
            "skipped": self._summed("skipped"),
            "added": diff.added,
            "withdrawn": diff.withdrawn,
            "changed": diff.changed,
            "unchanged": diff.unchanged,
            "generation": self.generation,
            "compared_with": self.compared_with,
            "dry_run": self.dry_run,
            "only_media": self.only_media,
            "add": self.add,
            "already_in_force": self.already_in_force,
            "refused": self.refused,
            "refused_code": self.refused_code,
            "offset": self.offset,
        }

    def warnings(self) -> list[dict[str, Any]]:
        """About the list, then about its records, in words; then how often each kind came."""
        several = len(self.parts) > 1
        told = [*self.notes]
        for part in self.parts:
            told += [
                {"code": w.code, "detail": w.detail, "position": w.position, **({"file": part.name} if several else {})}
                for w in part.found.warnings
            ]
        return told

    def problems(self) -> list[str]:
        """What a person must know before the list is used: records left out, then doubts about it as a whole."""
        skipped = [f"Skipped, {reason}: {number:,}" for reason, number in self._summed("skipped").items()]
        whole = [(one["code"], one["detail"]) for one in self.warnings() if one["position"] is None]
        return skipped + [f"{code}: {detail}".rstrip(": ") for code, detail in dict.fromkeys(whole)]

    @property
    def unmapped(self) -> dict[str, int]:
        """Entries by category that the scheme does not have."""
        return {code: rows for code, (meaning, rows) in self.codes.items() if meaning == "unmapped"}

    def _summed(self, name: str) -> dict[str, int]:
        total: dict[str, int] = {}
        for part in self.parts:
            for key, number in getattr(part.found, name).items():
                total[key] = total.get(key, 0) + number
        return dict(sorted(total.items()))

    def _dropped_photodna(self) -> int:
        """Those the readers dropped, and those only the whole list showed to be placeholders."""
        counted_ahead = sum((PLACEHOLDER_AT - 1) * len(part.found.placeholder_photodna) for part in self.parts)
        return sum(part.found.dropped_photodna for part in self.parts) - counted_ahead + self.dropped_after_reading
