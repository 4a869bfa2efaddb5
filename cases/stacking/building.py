"""Putting look-alikes of a case into stacks, as they come in.

A person's work is never undone: only an item that is open, alone in a stack on which nobody acted, moves; only into a
stack that nobody holds. What somebody holds just now waits for the next time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from numpy.typing import NDArray

from cases import events, states
from cases.models import Case
from cases.stacking.gathering import Gathered, gather
from hashsets.near.tables import BYTES, Bytes
from workbench import audit
from workbench.jobs import alone

SPACE = 0x5354434B  # advisory locks: who builds a case's stacks; with the case
PAGE = 50_000  # rows read at a time
GROUP = 2_000  # items moved in one transaction
MOST = 250_000  # items compared with those before them at once

FREE = "{0}.batch_id IS NULL"  # also once its time is over: the sweeper gives it back
FRESH = f"""
SELECT u.item_id, s.id, i.content_id, c.pdq, s.open_items,
  c.pdq IS NOT NULL AND i.state = 'open' AND s.open_items = 1 AND s.cover_id = i.id AND s.version = 1,
  {FREE.format("s")}
FROM cases_uncompared u JOIN cases_item i ON i.id = u.item_id JOIN cases_content c ON c.id = i.content_id
JOIN cases_stack s ON s.id = i.stack_id
WHERE u.case_id = %s AND u.item_id > %s ORDER BY u.item_id LIMIT %s
"""  # noqa: S608 only constants of this module
# Covers of the stacks that new ones may join.
COVERS = f"""
SELECT i.id, s.id, i.content_id, coalesce(i.aligned, c.pdq), s.open_items
FROM cases_item i JOIN cases_stack s ON s.cover_id = i.id JOIN cases_content c ON c.id = i.content_id
WHERE i.case_id = %s AND i.id > %s AND s.state = 'open' AND i.state = 'open' AND {FREE.format("s")}
  AND c.pdq IS NOT NULL AND (s.version > 1 OR NOT EXISTS (SELECT FROM cases_uncompared u WHERE u.item_id = i.id))
ORDER BY i.id LIMIT %s
"""  # noqa: S608 only constants of this module
LOCK = "SELECT id FROM cases_stack WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE"
# Whatever changed since it was read stays as it is.
MOVE = f"""
WITH wanted AS (
  SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::smallint[], %s::bytea[], %s::int[])
    AS w(item, target, cover, turned, aligned, follows)),
good AS (
  SELECT w.*, f.id AS source FROM wanted w JOIN cases_item i ON i.id = w.item JOIN cases_stack f ON f.id = i.stack_id
  JOIN cases_stack t ON t.id = w.target AND t.id <> f.id
  WHERE i.state = 'open' AND f.open_items = 1 AND f.cover_id = i.id AND f.version = 1 AND {FREE.format("f")}
    AND t.state = 'open' AND t.cover_id = w.cover AND {FREE.format("t")}
    AND NOT EXISTS (SELECT FROM cases_stackrule r JOIN cases_item x ON x.id IN (r.one_id, r.other_id) AND x.id <> w.item
      WHERE w.item IN (r.one_id, r.other_id) AND r.kind = 'apart'
      AND (x.stack_id = w.target OR EXISTS (SELECT FROM wanted o WHERE o.item = x.id AND o.target = w.target)))),
moved AS (
  UPDATE cases_item i SET stack_id = g.target, joined = 'pdq', turned = g.turned, aligned = g.aligned,
    follows = g.follows FROM good g WHERE i.id = g.item),
emptied AS (
  UPDATE cases_stack s SET open_items = 0, state = 'done', cover_id = NULL, version = s.version + 1
  FROM good g WHERE s.id = g.source),
grown AS (
  UPDATE cases_stack s SET open_items = s.open_items + g.number, version = s.version + 1
  FROM (SELECT target, count(*) AS number FROM good GROUP BY 1) g WHERE s.id = g.target)
SELECT target FROM good
"""  # noqa: S608 only constants of this module
COMPARED = "DELETE FROM cases_uncompared WHERE item_id = ANY(%s::bigint[])"

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Open items with the stacks they lead, their contents, their hashes (n x 32), and how many each stack holds."""

    items: Whole
    stacks: Whole
    contents: Whole
    hashes: Bytes
    sizes: Whole


@dataclass(frozen=True, slots=True)
class Built:
    """How many items joined how many stacks."""

    items: int
    stacks: int


def build(case_id: int) -> Built:
    """Compare what is new in a case with all that is open in it. Nothing to do where another worker is at it."""
    items, stacks, last = 0, set[int](), 0
    with alone(SPACE, case_id) as ours:
        while ours:
            last, passed, fresh = _fresh(case_id, last)
            if not last:
                break
            if len(fresh.items):
                joined = _join(case_id, _covers(case_id), fresh)
                items, stacks = items + len(joined), stacks | set(joined)
            _done(passed)
    return Built(items, len(stacks))


def _fresh(case_id: int, last: int) -> tuple[int, list[int], Pictures]:
    """Up to MOST items that wait, in order of their ids: the last one, all that are dealt with thereby, the movable.

    Those in a stack that somebody holds go on waiting.
    """
    found = list[Any]()
    while len(found) < MOST and (rows := _page(FRESH, case_id, found[-1][0] if found else last)):
        found += rows
    passed = [row[0] for row in found if row[6]]
    return (found[-1][0] if found else 0), passed, _pictures([row for row in found if row[5] and row[6]])


def _covers(case_id: int) -> Pictures:
    found = list[Any]()
    while rows := _page(COVERS, case_id, found[-1][0] if found else 0):
        found += rows
    return _pictures(found)


def _page(sql: str, case_id: int, after: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [case_id, after, PAGE])
        rows: list[Any] = cursor.fetchall()
        return rows


def _pictures(rows: Sequence[Any]) -> Pictures:
    numbers = np.array([row[:3] for row in rows], dtype=np.int64).reshape(-1, 3)
    hashes = np.frombuffer(b"".join(bytes(row[3]) for row in rows), dtype=np.uint8).reshape(-1, BYTES)
    sizes = np.array([row[4] for row in rows], dtype=np.int64)
    return Pictures(numbers[:, 0], numbers[:, 1], numbers[:, 2], hashes, sizes)


def _join(case_id: int, covers: Pictures, fresh: Pictures) -> list[int]:
    """Move what is led by another to that one's stack; returns the stack of each that was moved."""
    fixed = len(covers.items)
    every = Pictures(*(np.concatenate([getattr(covers, name), getattr(fresh, name)]) for name in Pictures.__slots__))
    found = gather(
        every.hashes, fixed=fixed, reach=settings.STACK_REACH, shown=settings.STACK_SHOWN, taken=covers.sizes
    )
    led = np.flatnonzero(found.leader != np.arange(len(every.items)))
    case = Case.objects.select_related("agency").get(pk=case_id)
    moved = list[int]()
    for group in _groups(led[np.argsort(found.leader[led], kind="stable")]):
        moved += _move(case, every, found, group)
    return moved


def _groups(led: Whole) -> Iterator[Whole]:
    for start in range(0, len(led), GROUP):
        yield led[start : start + GROUP]


@transaction.atomic
def _move(case: Case, every: Pictures, found: Gathered, group: Whole) -> list[int]:
    """Move a group of items to their leaders' stacks; returns the stack of each that was moved."""
    to = found.leader[group]
    states.lock(every.contents[group].tolist())
    aligned = [
        bytes(row) if turned else None for row, turned in zip(found.aligned[group], found.turned[group], strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [np.unique(np.concatenate([every.stacks[group], every.stacks[to]])).tolist()])
        columns = [
            every.items[group].tolist(), every.stacks[to].tolist(), every.items[to].tolist(),
            found.turned[group].tolist(), aligned, found.follows[group].tolist(),
        ]  # fmt: skip
        cursor.execute(MOVE, columns)
        moved = [row[0] for row in cursor.fetchall()]
    if moved:
        audit.record(
            events.STACKED, by=None, on=case, case=case.public_id, agency=case.agency_id,
            items=len(moved), stacks=len(set(moved)),
        )  # fmt: skip
    return moved


@transaction.atomic
def _done(items: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COMPARED, [list(items)])
