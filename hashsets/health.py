"""What somebody should look into: entries in doubt, and what the last imports could not read. By set."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from hashsets import import_words
from hashsets.generations import in_force
from hashsets.models import Generation, HashSet
from workbench.models import User

MOST = 50  # entries named one by one
DOUBTFUL = "(e.conflict OR e.state <> 'published' OR e.trust = 'disputed')"  # as its index says, migration 0010
IN_FORCE = in_force("h.generation")
COUNTS = f"""
SELECT e.set_id, count(*) FILTER (WHERE e.conflict), count(*) FILTER (WHERE NOT e.conflict)
FROM hashsets_entry e JOIN hashsets_hashset h ON h.id = e.set_id
WHERE e.set_id = ANY(%s) AND {DOUBTFUL} AND {IN_FORCE} GROUP BY 1
"""  # noqa: S608 only constants of this module
ENTRIES = f"""
SELECT e.id, h.name, h.public_id, encode(e.ident, 'hex'), e.code, e.conflict, e.disposition
FROM hashsets_entry e JOIN hashsets_hashset h ON h.id = e.set_id
WHERE e.set_id = ANY(%s) AND {DOUBTFUL} AND {IN_FORCE} ORDER BY e.set_id, e.id LIMIT %s
"""  # noqa: S608 only constants of this module


@dataclass(slots=True)
class SetHealth:
    """One set. `skipped`: records of its last import that were left out, by reason in words."""

    set: HashSet
    own: bool
    conflicts: int = 0
    disputed: int = 0
    two_categories: int = 0  # entries that its last import gives several categories, which mean the same
    skipped: dict[str, int] = field(default_factory=dict)
    odd: int = 0  # records of that import that were read with a repair
    run: str | None = None

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.conflicts or self.disputed or self.two_categories or self.skipped or self.odd)


def of_sets(user: User) -> list[SetHealth]:
    """Every set in the person's scope that is not retired; imports of own ones only. 4 queries."""
    sets = list(HashSet.objects.for_actor(user).filter(retired_at=None).select_related("owner").order_by("name", "pk"))
    found = {one.pk: SetHealth(one, own=one.owner_id == user.agency_id) for one in sets}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [list(found)])
        for set_id, conflicts, disputed in cursor.fetchall():
            found[set_id].conflicts, found[set_id].disputed = conflicts, disputed
    for last in _last_imports([pk for pk, one in found.items() if one.own]):
        _note(found[last.set_id], last.report)
    return list(found.values())


def doubtful(user: User) -> list[dict[str, Any]]:
    """The first entries in doubt of the agency's own sets, by set; those of others are only counted. Two queries."""
    sets = HashSet.objects.filter(owner=user.agency_id, retired_at=None).values_list("pk", flat=True)
    names = ("id", "set", "set_id", "hash", "code", "conflict", "disposition")
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, [list(sets), MOST])
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _last_imports(set_ids: list[int]) -> list[Generation]:
    """The newest version of each set that an import made."""
    made = Generation.objects.filter(set__in=set_ids, report__has_key="skipped")
    return list(made.order_by("set", "-number").distinct("set"))


def _note(health: SetHealth, report: dict[str, Any]) -> None:
    health.run = report.get("run") or None
    health.two_categories = report.get("two_categories", 0)
    health.skipped = {import_words.words(code): number for code, number in report["skipped"].items()}
    kept = import_words.KEPT.keys()
    health.odd = sum(
        number for part in report.get("files", []) for code, number in part["warned"].items() if code in kept
    )
