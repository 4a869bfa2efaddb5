"""The versions of a set: the pointer is moved here and nowhere else (model.md section 1.5).

Rows of a new version carry `added_in = g + 1`, and rows it ends `removed_in = g + 1`; both mean nothing
until `HashSet.generation` says g + 1, in the same transaction.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from hashsets import events
from hashsets.models import Generation, HashSet
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.models import User

# Sent after commit with `set_id` when a version or a policy came into force: what depends on it may catch up.
changed = Signal()


def in_force(at: str, entry: str = "e") -> str:
    """The condition in SQL that an entry (a table's name or alias) is in force at a version (an expression).

    Of the version in force of every set, the view `hashsets_verdict` says it, too (migration 0003).
    """
    return f"{entry}.added_in <= {at} AND ({entry}.removed_in IS NULL OR {entry}.removed_in > {at})"


class SetRetired(WorkbenchError):
    """This set is retired. Nothing can be added to it."""

    code = "set-retired"


@dataclass(frozen=True, slots=True)
class Step:
    """What a new version is made of, for its row and its event.

    `codes`: by how much each category's number of entries changes; a `report` of an import has the numbers.
    """

    source: str
    added: int
    removed: int
    codes: Counter[str] = field(default_factory=Counter)
    source_sha256: bytes | None = None
    report: dict[str, Any] | None = None


def lock(hash_set: HashSet) -> HashSet:
    """The set, locked against every other writer until the transaction ends; readers and matches go on."""
    rows = HashSet.objects.select_for_update(of=("self",), no_key=True)
    locked: HashSet = rows.select_related("owner", "scheme").get(pk=hash_set.pk)
    if locked.retired_at is not None:
        raise SetRetired
    return locked


def move(hash_set: HashSet, step: Step, *, by: User) -> tuple[Generation, audit.Event]:
    """Put the next version of a locked set in force; returns it with its event. 4 queries.

    The caller records the event after those of the same change (votes, the import), when it needs no lock any more.
    """
    old = Generation.objects.filter(set=hash_set, number=hash_set.generation).first()
    Generation.objects.filter(set=hash_set, in_force=True).update(in_force=False)
    generation = Generation.objects.create(
        set=hash_set,
        number=hash_set.generation + 1,
        source=step.source[:300],
        source_sha256=step.source_sha256,
        report={"codes": _codes(old, step)} | (step.report or {}),
        added=step.added,
        removed=step.removed,
        entries=(old.entries if old else 0) + step.added - step.removed,
        by=by,
        by_name=by.name,
    )
    HashSet.objects.filter(pk=hash_set.pk).update(generation=generation.number)
    hash_set.generation = generation.number
    details = {"generation": generation.number, "added": step.added, "removed": step.removed, "source": step.source}
    moved = audit.Event(events.SET_VERSION, audit.subject_of(hash_set), details={"set": hash_set.name, **details})
    announce(hash_set)
    return generation, moved


def announce(hash_set: HashSet) -> None:
    """Send `changed` once the transaction is committed."""
    transaction.on_commit(partial(changed.send, sender=HashSet, set_id=hash_set.pk))


def _codes(old: Generation | None, step: Step) -> dict[str, int]:
    """Entries by category: those of the version before, with the changes."""
    numbers = Counter(old.report.get("codes", {}) if old else {})
    numbers.update(step.codes)
    return {code: number for code, number in sorted(numbers.items()) if number > 0}
