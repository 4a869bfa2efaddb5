"""What changed between two versions of a set, and putting an earlier one in force again (model.md section 1.5).

An entry is the same over all versions by its ident and twin. A version never changes, so whatever is counted here
stays true; going back makes a new version whose content is that of the old one, and nothing is ever deleted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop as noop

from hashsets import entry_hashes, events, generations, votes
from hashsets.entry_rows import MOMENT_OF, RAW_OF, SAID_OF
from hashsets.import_checks import LivesByVotes
from hashsets.models import Generation, HashSet
from workbench import audit
from workbench.errors import BadInput, NotFound
from workbench.models import User

PAGE = 60  # entries
LONGEST_KEY = 100  # characters of a page's key: a SHA-256 in hex, a point, a number
SHOWN = ("id", "md5", "sha1", "sha256", "size", "code", "disposition", "trust", "state", "conflict", "flags", "raw")
SAME = tuple(name for name in SHOWN if name != "id")  # what a changed entry differs in

# Rows of the older version that the newer lacks, and the reverse; plain bounds, so that the indexes serve.
LEFT = (
    "{t}.added_in <= %(low)s AND {t}.removed_in IS NOT NULL AND {t}.removed_in > %(low)s AND {t}.removed_in <= %(high)s"
)
CAME = "{t}.added_in > %(low)s AND " + generations.in_force("%(high)s", "{t}")


class UnknownVersion(NotFound):
    """The set has no such version. Its page lists those there are."""

    code = "unknown-version"


def _columns(table: str, names: Sequence[str] = SAME) -> str:
    return ", ".join(RAW_OF.format(t=table) if name == "raw" else f"{table}.{name}" for name in names)


def _compared(table: str) -> str:
    """What two versions of an entry may differ in: not its number in a file, nor the form of a date."""
    apart = f"{SAID_OF.format(t=table)}, {MOMENT_OF.format(t=table)}"
    return f"{_columns(table, [name for name in SAME if name != 'raw'])}, {apart}"


# What differs between two versions: the entry as the older has it beside the one of the newer.
PAIRS = f"""
FROM (SELECT * FROM hashsets_entry e WHERE e.set_id = %(set)s AND {{before}}) o
FULL JOIN (SELECT * FROM hashsets_entry e WHERE e.set_id = %(set)s AND {{after}}) n USING (ident, twin)
WHERE o.id IS NULL OR n.id IS NULL OR ({_compared("o")}) IS DISTINCT FROM ({_compared("n")})"""  # noqa: S608 only constants
COUNT = f"SELECT o.code, n.code, count(*) {PAIRS} GROUP BY 1, 2 ORDER BY 1, 2"

# One row per entry, by the unique index: the newer side where there is one, with the older beside it.
ENTRIES = f"""
SELECT e.ident, e.twin, {{e_is_new}}, {_columns("e", SHOWN)}, {_columns("o", SHOWN)}
FROM hashsets_entry e LEFT JOIN LATERAL (
  SELECT * FROM hashsets_entry p WHERE p.set_id = e.set_id AND p.ident = e.ident AND p.twin = e.twin
    AND (({{e_is_new}}) AND {{before_p}} OR NOT ({{e_is_new}}) AND {{after_p}})) o ON true
WHERE e.set_id = %(set)s AND (e.ident, e.twin) > (%(ident)s, %(twin)s)
  AND (({{e_is_new}}) OR ({{before_e}}) AND o.id IS NULL)
  AND (o.id IS NULL OR ({_compared("o")}) IS DISTINCT FROM ({_compared("e")}))
  AND (%(only)s = '' OR %(only)s = CASE WHEN NOT ({{e_is_new}}) THEN 'withdrawn' WHEN o.id IS NULL THEN 'added'
                                    ELSE 'changed' END)
ORDER BY e.ident, e.twin LIMIT %(limit)s
"""  # noqa: S608 only constants of this module

# The whole way back: rows that the old version has and the present one lacks come as new ones, the others end.
ROLL_BACK = f"""
WITH pair AS (
  SELECT o.id AS ends, n.id AS comes, o.code AS old, n.code AS new {PAIRS}),
ended AS (UPDATE hashsets_entry e SET removed_in = %(next)s FROM pair p WHERE e.set_id = %(set)s AND e.id = p.ends),
back AS (
  INSERT INTO hashsets_entry (set_id, added_in, ident, twin, public_id, {", ".join(SAME)})
  SELECT e.set_id, %(next)s, e.ident, e.twin, e.public_id, {_columns("e")}
  FROM pair p JOIN hashsets_entry e ON e.set_id = %(set)s AND e.id = p.comes ORDER BY e.ident, e.twin)
SELECT old, new, count(*) FROM pair GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 only constants of this module


@dataclass(frozen=True, slots=True)
class Delta:
    """What is different in the second of two versions: (old code or None, new code or None, entries)."""

    moves: list[tuple[str | None, str | None, int]]

    @property
    def added(self) -> int:
        """Entries only the second has."""
        return sum(number for old, _new, number in self.moves if old is None)

    @property
    def withdrawn(self) -> int:
        """Entries only the first has."""
        return sum(number for _old, new, number in self.moves if new is None)

    @property
    def changed(self) -> int:
        """Entries both have, with other values."""
        return sum(number for old, new, number in self.moves if old is not None and new is not None)

    @property
    def codes(self) -> Counter[str]:
        """By how much each category's number of entries changes."""
        codes = Counter[str]()
        for old, new, number in self.moves:
            codes.update({new: number} if new is not None else {})
            codes.subtract({old: number} if old is not None else {})
        return codes

    def by_category(self) -> dict[str, dict[str, int]]:
        """Per category: `added`, `withdrawn`, `changed_to` and `changed_from` it, `edited` within it."""
        told: dict[str, dict[str, int]] = {}
        for old, new, number in self.moves:
            for code, what in _roles(old, new):
                row = told.setdefault(code, dict.fromkeys(("added", "withdrawn", "changed_to", "changed_from",
                                                           "edited"), 0))  # fmt: skip
                row[what] += number
        return dict(sorted(told.items()))

    def as_json(self) -> dict[str, Any]:
        """For scripts (commands.md)."""
        counts = {"added": self.added, "withdrawn": self.withdrawn, "changed": self.changed}
        return {**counts, "by_category": self.by_category()}


def _roles(old: str | None, new: str | None) -> list[tuple[str, str]]:
    if old is not None and old == new:
        return [(old, "edited")]
    gone = [] if old is None else [(old, "withdrawn" if new is None else "changed_from")]
    return gone + ([] if new is None else [(new, "added" if old is None else "changed_to")])


def version(hash_set: HashSet, number: int) -> Generation:
    """A version of the set. Raises UnknownVersion."""
    found = Generation.objects.filter(set=hash_set, number=number).first()
    if found is None or number > hash_set.generation:
        raise UnknownVersion
    return found


def diff(hash_set: HashSet, old: int, new: int) -> Delta:
    """What version `new` has otherwise than `old`, counted by category; in either direction. One statement.

    `comparisons.diff` keeps the answer and has an end of its patience.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(**_sides(old, new, "e")), _bounds(hash_set, old, new))
        return Delta(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a diff. `old` or `new` is None where that version has none; both map SHOWN to values."""

    ident: bytes
    twin: int
    old: dict[str, Any] | None
    new: dict[str, Any] | None

    @property
    def what(self) -> str:
        """added, withdrawn or changed."""
        return "added" if self.old is None else "withdrawn" if self.new is None else "changed"

    @property
    def key(self) -> str:
        """Where the next page starts."""
        return f"{self.ident.hex()}.{self.twin}"


def changes(
    hash_set: HashSet, old: int, new: int, *, only: str = "", after: str = "", most: int = PAGE
) -> tuple[list[Change], str]:
    """At most `most` entries that differ, in the order of their identity, and the key of the next page or "".

    `only`: added, withdrawn or changed. One statement along the unique index. Raises BadInput for a damaged key.
    """
    ident, twin = _key(after)
    template = {
        "e_is_new": _sides(old, new, "e")["after"],
        "before_e": _sides(old, new, "e")["before"],
        "before_p": _sides(old, new, "p")["before"],
        "after_p": _sides(old, new, "p")["after"],
    }
    values = {"ident": ident, "twin": twin, "only": only, "limit": most + 1}
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES.format(**template), _bounds(hash_set, old, new) | values)
        rows = [_change(row) for row in cursor.fetchall()]
    return rows[:most], rows[most - 1].key if len(rows) > most else ""


@transaction.atomic
def roll_back(hash_set: HashSet, number: int, *, by: User, reason: str) -> tuple[Generation | None, Delta]:
    """Put what version `number` held in force again, as a new version; None when that is in force already.

    One statement beside those of every new version. Entries keep their public ids, cases are matched again as after
    any version. Two events. Raises BadInput without a reason, UnknownVersion, LivesByVotes, SetRetired.
    """
    if not (reason := reason.strip()[:400]):
        raise BadInput(noop("Say why the set goes back to an earlier version."))
    locked = generations.lock(hash_set)
    require_list(locked)
    wanted, now = version(locked, number), locked.generation
    values = _bounds(locked, now, number) | {"next": now + 1}
    with connection.cursor() as cursor:
        cursor.execute(ROLL_BACK.format(**_sides(now, number, "e")), values)
        delta = Delta(cursor.fetchall())
    if not delta.moves:
        return None, delta
    entry_hashes.fill(locked, now + 1)
    digest = bytes(wanted.source_sha256) if wanted.source_sha256 else None
    step = generations.Step(
        f"Back to version {number}: {reason}",
        added=delta.added + delta.changed,
        removed=delta.withdrawn + delta.changed,
        codes=delta.codes,
        source_sha256=digest,
        report={
            "only_media": wanted.report.get("only_media", False),
            "add": wanted.report.get("add", False),
            "back_to": number,
            "reason": reason,
            **delta.as_json(),
        },
    )
    generation, moved = generations.move(locked, step, by=by)
    details = {"set": locked.name, "generation": generation.number, "back_to": number, **delta.as_json()}
    back = audit.Event(events.SET_ROLLED_BACK, audit.subject_of(locked), details=details, reason=reason)
    audit.record_all([back, moved], by=by)
    with connection.cursor() as cursor:
        cursor.execute("SELECT hashsets_analyse(%s)", [locked.pk])
    hash_set.generation = generation.number
    return generation, delta


def require_list(hash_set: HashSet) -> None:
    """Raise LivesByVotes for a set whose entries are people's decisions: going back would overwrite opinions."""
    if hash_set.receives_offers or votes.any_stands(hash_set):
        raise LivesByVotes(
            noop("This set takes the decisions of people. Withdraw what is wrong; nobody else's word is lost.")
        )


def _sides(old: int, new: int, table: str) -> dict[str, str]:
    """Conditions for rows that only the old or only the new version has."""
    left, came = LEFT.format(t=table), CAME.format(t=table)
    return {"before": left, "after": came} if old < new else {"before": came, "after": left}


def _bounds(hash_set: HashSet, old: int, new: int) -> dict[str, Any]:
    return {"set": hash_set.pk, "low": min(old, new), "high": max(old, new)}


def _key(text: str) -> tuple[bytes, int]:
    ident, _, twin = text[:LONGEST_KEY].partition(".")
    try:
        return (bytes.fromhex(ident), min(int(twin), 32_767)) if text else (b"", -1)
    except ValueError as error:
        raise BadInput(noop("The page's place in the list is damaged. Start from its beginning.")) from error


def _change(row: tuple[Any, ...]) -> Change:
    ident, twin, is_new, *values = row
    one, other = (dict(zip(SHOWN, part, strict=True)) for part in (values[: len(SHOWN)], values[len(SHOWN) :]))
    beside = other if other["id"] is not None else None
    return Change(bytes(ident), twin, *((beside, one) if is_new else (one, beside)))
