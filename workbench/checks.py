"""The registry of invariants (model.md section 5): what must hold in the tables, whatever happened.

Each app registers functions that return broken rows in words; `case check` and `audit verify --deep`
run them all, so the shell need not know the apps.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.module_loading import autodiscover_modules

SHOWN = 100  # broken rows told per function; the first ones are what somebody starts from
LEDGER_OF_EVENTS = 8  # the number of the invariant that compares events with the tables


@dataclass(frozen=True, slots=True)
class Broken:
    """One row that breaks an invariant."""

    invariant: int
    what: str


Find = Callable[[int | None], Iterable[str]]  # given a case's id, or None for the whole node


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule by its number in model.md, and the function that finds what breaks it."""

    number: int
    means: str
    find: Find


_INVARIANTS: list[Invariant] = []
_HEALTH: list[Callable[[], Iterable[str]]] = []


def invariant(number: int, means: str) -> Callable[[Find], Find]:
    """Register the decorated function; it returns a sentence for every broken row, at most `SHOWN`."""

    def register(find: Find) -> Find:
        _INVARIANTS.append(Invariant(number, means, find))
        return find

    return register


def health(find: Callable[[], Iterable[str]]) -> Callable[[], Iterable[str]]:
    """Register the decorated function; it returns a sentence for whatever is right, and slower than it should be."""
    _HEALTH.append(find)
    return find


def unwell() -> list[str]:
    """What somebody should look after on this node, though nothing is broken."""
    autodiscover_modules("invariants")
    return [what for find in _HEALTH for what in find()]


def invariants() -> list[Invariant]:
    """All registered invariants in the order of their numbers; finds every app's `invariants.py`."""
    autodiscover_modules("invariants")
    return sorted(_INVARIANTS, key=lambda one: one.number)


def broken(case: int | None = None, *, only: int | None = None) -> list[Broken]:
    """What is broken in a case, or on the whole node. Each function sees one snapshot of the tables."""
    chosen = [one for one in invariants() if only in (None, one.number)]
    return [Broken(one.number, what) for one in chosen for what in one.find(case)]


def sentences(sql: str, parameters: dict[str, Any]) -> list[str]:
    """The first column of a statement's rows; `sql` is a constant of ours that returns sentences."""
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {SHOWN}", parameters)
        return [str(row[0]) for row in cursor.fetchall()]


def one_event_each(*, table: str, subject: str, verbs: Iterable[str], per_row: str = "1") -> list[str]:
    """Rows without exactly one event (`per_row`: SQL over `t`), and events without a row.

    `table`, `subject` and `per_row` are constants of ours. Two statements, each with one hash join.
    """
    rows = f"""
        SELECT format('%%s has %%s events, not %%s', s.subject, count(e.seq), s.wanted)
        FROM (SELECT '{subject}:' || t.public_id AS subject, {per_row} AS wanted FROM {table} t) s
        LEFT JOIN workbench_auditevent e ON e.subject = s.subject AND e.verb = ANY(%(verbs)s)
        GROUP BY s.subject, s.wanted HAVING count(e.seq) <> s.wanted"""  # noqa: S608 constants of ours
    events = f"""
        SELECT format('event %%s of log %%s tells of %%s, which is not there', e.seq, e.log_id, e.subject)
        FROM workbench_auditevent e LEFT JOIN {table} t ON e.subject = '{subject}:' || t.public_id
        WHERE e.verb = ANY(%(verbs)s) AND t.public_id IS NULL"""  # noqa: S608 constants of ours
    parameters: dict[str, Any] = {"verbs": list(verbs)}
    return sentences(rows, parameters) + sentences(events, parameters)
