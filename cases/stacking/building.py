"""Putting look-alikes of a case into stacks, as they come in.

A person's work is never undone: only an item that is open, alone in a stack on which nobody acted, moves; only into a
stack that nobody holds. What somebody holds just now, and what resembles what somebody holds, waits until that batch is
over (`waiting.py`).
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
from cases.stacking import arrivals, films, hashes, waiting
from cases.stacking.gathering import gather
from cases.stacking.waiting import DUE
from hashsets.near.tables import BYTES
from workbench import audit
from workbench.jobs import alone

SPACE = 0x5354434B  # advisory locks: who builds a case's stacks; with the case
PAGE = 50_000  # rows read at a time
GROUP = 2_000  # items moved in one transaction
MOST = 250_000  # items compared with those before them at once

FREE = "{0}.batch_id IS NULL"  # also once its time is over: the sweeper gives it back
FRESH_ROWS = f"""
SELECT u.item_id, s.id, i.content_id, c.pdq, s.open_items, c.kind, c.duration_ms, true,
  (c.kind = 'video' OR (c.kind = 'still' AND c.pdq IS NOT NULL)) AND i.state = 'open' AND s.open_items = 1
    AND s.cover_id = i.id AND s.version = 1,
  {FREE.format("s")}
FROM cases_uncompared u JOIN cases_item i ON i.id = u.item_id JOIN cases_content c ON c.id = i.content_id
JOIN cases_stack s ON s.id = i.stack_id
WHERE u.case_id = %s AND u.item_id > %s AND {DUE}
"""  # noqa: S608 only constants of this module
# Covers of the stacks that new ones may join, or wait for.
COVER_ROWS = """
SELECT i.id, s.id, i.content_id, coalesce(i.aligned, c.pdq), s.open_items, c.kind, c.duration_ms, i.joined = '',
  s.batch_id IS NOT NULL
FROM cases_item i JOIN cases_stack s ON s.id = i.stack_id AND s.cover_id = i.id
JOIN cases_content c ON c.id = i.content_id
WHERE i.case_id = %s AND i.id > %s AND s.state = 'open' AND i.state = 'open'
  AND (c.kind = 'video' OR (c.kind = 'still' AND c.pdq IS NOT NULL))
  AND (s.version > 1 OR NOT EXISTS (SELECT FROM cases_uncompared u WHERE u.item_id = i.id))
"""
FRESH, COVERS = (f"{rows} ORDER BY {key} LIMIT %s" for rows, key in ((FRESH_ROWS, "u.item_id"), (COVER_ROWS, "i.id")))
# Of the latter only what waited for some stacks, and what these show.
ARRIVED, SHOWN = f"{FRESH_ROWS} AND u.to_id = ANY(%s)", f"{COVER_ROWS} AND s.id = ANY(%s)"
LOCK = "SELECT id FROM cases_stack WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE"
# Whatever changed since it was read stays as it is.
MOVE = f"""
WITH wanted AS (
  SELECT * FROM unnest(%(item)s::bigint[], %(target)s::bigint[], %(cover)s::bigint[], %(turned)s::smallint[],
                       %(aligned)s::bytea[], %(follows)s::int[], %(apart)s::smallint[])
    AS w(item, target, cover, turned, aligned, follows, apart)),
good AS (
  SELECT w.*, f.id AS source FROM wanted w JOIN cases_item i ON i.id = w.item JOIN cases_stack f ON f.id = i.stack_id
  JOIN cases_stack t ON t.id = w.target AND t.id <> f.id
  WHERE i.state = 'open' AND f.open_items = 1 AND f.cover_id = i.id AND f.version = 1 AND {FREE.format("f")}
    AND t.state = 'open' AND t.cover_id = w.cover AND {FREE.format("t")}
    AND NOT EXISTS (SELECT FROM cases_stackrule r JOIN cases_item x ON x.id IN (r.one_id, r.other_id) AND x.id <> w.item
      WHERE w.item IN (r.one_id, r.other_id) AND r.kind = 'apart'
      AND (x.stack_id = w.target OR EXISTS (SELECT FROM wanted o WHERE o.item = x.id AND o.target = w.target)))),
moved AS (
  UPDATE cases_item i SET stack_id = g.target, joined = %(joined)s, turned = g.turned, aligned = g.aligned,
    follows = g.follows, apart = g.apart FROM good g WHERE i.id = g.item),
emptied AS (
  UPDATE cases_stack s SET open_items = 0, state = 'done', cover_id = NULL, version = s.version + 1
  FROM good g WHERE s.id = g.source),
grown AS (
  UPDATE cases_stack s SET open_items = s.open_items + g.number, version = s.version + 1
  FROM (SELECT target, count(*) AS number FROM good GROUP BY 1) g WHERE s.id = g.target)
SELECT item, target FROM good
"""  # noqa: S608 only constants of this module
FRAMES = "SELECT content_id, pdq FROM cases_keyframe WHERE content_id = ANY(%s::bigint[]) ORDER BY content_id, number"
COMPARED = """
DELETE FROM cases_uncompared WHERE item_id = ANY(%s::bigint[]) AND (to_id IS NULL OR NOT EXISTS (
  SELECT FROM cases_stack t WHERE t.id = to_id AND t.batch_id IS NOT NULL))
"""

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shown:
    """Open items, each shown first in its stack: what a query told of each.

    `size`: how many the stack holds; `leads`: whether films of the stack were measured against this one; `held`:
    whether somebody holds the stack.
    """

    item: int
    stack: int
    content: int
    pdq: bytes | None
    size: int
    kind: str
    duration: int
    leads: bool
    held: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """How many items joined how many stacks."""

    items: int
    stacks: int


@dataclass(frozen=True, slots=True)
class Move:
    """An item that goes to the stack of another, and how it lies there (`Item` tells what the last four are)."""

    one: Shown
    to: Shown
    turned: int = 0
    aligned: bytes | None = None
    follows: int = 0
    apart: int | None = None


def build(case_id: int) -> Built:
    """Compare what is new in a case with all that is open in it. Nothing to do where another worker is at it."""
    items, stacks, last = 0, set[int](), 0
    with alone(SPACE, case_id) as ours:
        while ours:
            last, passed, fresh = _fresh(case_id, last)
            if not last:
                break
            hashes.write(case_id)
            joined = _join(case_id, _covers(case_id), fresh) if fresh else []
            items, stacks = items + len(joined), stacks | set(joined)
            _done(passed)
    return Built(items, len(stacks))


def arrive(case_id: int, stacks: Sequence[int]) -> int:
    """Let what waited for stacks that were held join them now; returns how many did. What does not is compared as all
    others are, and all of them where another worker is at the case just now.
    """
    if not stacks:
        return 0
    with alone(SPACE, case_id) as ours:
        if not ours:
            return 0
        fresh, shown = (_rows(sql, [case_id, 0, list(stacks)]) for sql in (ARRIVED, SHOWN))
        movable = [Shown(*row[:-2]) for row in fresh if row[-1] and row[-2]]
        return len(_join(case_id, [Shown(*row) for row in shown], movable))


def _fresh(case_id: int, last: int) -> tuple[int, list[int], list[Shown]]:
    """Up to MOST items that wait, in order of their ids: the last one, all that are dealt with thereby, the movable.

    Those in a stack that somebody holds go on waiting.
    """
    found = list[Any]()
    while len(found) < MOST and (rows := _page(FRESH, case_id, found[-1][0] if found else last)):
        found += rows
    passed = [row[0] for row in found if row[-1]]
    waiting.wait([(row[0], row[1]) for row in found if not row[-1]])
    return (found[-1][0] if found else 0), passed, [Shown(*row[:-2]) for row in found if row[-1] and row[-2]]


def _covers(case_id: int) -> list[Shown]:
    found = list[Any]()
    while rows := _page(COVERS, case_id, found[-1][0] if found else 0):
        found += rows
    return [Shown(*row) for row in found]


def _page(sql: str, case_id: int, after: int) -> list[Any]:
    return _rows(sql, [case_id, after, PAGE])


def _rows(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[Any] = cursor.fetchall()
        return rows


def _join(case_id: int, covers: list[Shown], fresh: list[Shown]) -> list[int]:
    """Move what is led by another to that one's stack; returns the stack of each that was moved."""
    case = Case.objects.select_related("agency").get(pk=case_id)
    moved = list[int]()
    for kind, led, joined in (("still", _pictures, "pdq"), ("video", _films, "frames")):
        old, new = ([one for one in some if one.kind == kind] for some in (covers, fresh))
        if new:
            moves = led([*old, *new], len(old))
            waiting.wait([(move.one.item, move.to.stack) for move in moves if move.to.held])
            for group in _groups([move for move in moves if not move.to.held]):
                moved += _move(case, group, joined)
    return moved


def _pictures(every: list[Shown], fixed: int) -> list[Move]:
    """Pictures by the one hash that each has; the first `fixed` keep their stacks."""
    hashes = np.frombuffer(b"".join(bytes(one.pdq or b"") for one in every), dtype=np.uint8).reshape(-1, BYTES)
    taken = np.array([one.size for one in every[:fixed]], dtype=np.int64)
    found = gather(hashes, fixed=fixed, reach=settings.STACK_REACH, shown=settings.STACK_SHOWN, taken=taken)
    return [
        Move(
            every[number], every[found.leader[number]], turned=int(found.turned[number]),
            aligned=bytes(found.aligned[number]) if found.turned[number] else None, follows=int(found.follows[number]),
        )
        for number in _led(found.leader)
    ]  # fmt: skip


def _films(every: list[Shown], fixed: int) -> list[Move]:
    """Films by their keyframes."""
    frames = dict[int, list[bytes | None]]()
    with connection.cursor() as cursor:
        cursor.execute(FRAMES, [[one.content for one in every]])
        for content, value in cursor.fetchall():
            frames.setdefault(content, []).append(value and bytes(value))
    told = [_film(frames.get(one.content, []), one.duration) for one in every]
    sizes = [one.size for one in every[:fixed]]
    found = films.gather(told, fixed=fixed, reach=settings.STACK_REACH, shown=settings.STACK_SHOWN, taken=sizes)
    moves = list[Move]()
    for number in _led(found.leader):
        to, apart = every[found.leader[number]], int(found.apart[number])
        measured = apart if to.leads and apart >= 0 else None
        moves.append(Move(every[number], to, apart=measured, follows=int(found.follows[number])))
    return moves


def _film(frames: Sequence[bytes | None], duration: int) -> films.Film:
    hashed = [value for value in frames if value]
    values = np.frombuffer(b"".join(hashed), dtype=np.uint8).reshape(-1, BYTES)
    return films.Film(values, len(frames) - len(hashed), duration)


def _led(leader: Whole) -> list[int]:
    """Those that another leads, one stack after the other."""
    led = np.flatnonzero(leader != np.arange(len(leader)))
    order: list[int] = led[np.argsort(leader[led], kind="stable")].tolist()
    return order


def _groups(moves: list[Move]) -> Iterator[list[Move]]:
    for start in range(0, len(moves), GROUP):
        yield moves[start : start + GROUP]


@transaction.atomic
def _move(case: Case, moves: list[Move], joined: str) -> list[int]:
    """Move a group of items to their leaders' stacks; returns the stack of each that was moved."""
    states.lock([move.one.content for move in moves])
    columns = {
        "item": [move.one.item for move in moves],
        "target": [move.to.stack for move in moves],
        "cover": [move.to.item for move in moves],
    } | {name: [getattr(move, name) for move in moves] for name in ("turned", "aligned", "follows", "apart")}
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [sorted({stack for move in moves for stack in (move.one.stack, move.to.stack)})])
        cursor.execute(MOVE, columns | {"joined": joined})
        pairs: list[tuple[int, int]] = cursor.fetchall()
    moved = [stack for _item, stack in pairs]
    waiting.wait([(move.one.item, move.to.stack) for move in moves])  # for what somebody took a moment ago
    if moved:
        arrivals.joined(case.pk, pairs)
        audit.record(
            events.STACKED, by=None, on=case, case=case.public_id, agency=case.agency_id,
            items=len(moved), stacks=len(set(moved)),
        )  # fmt: skip
    return moved


@transaction.atomic
def _done(items: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COMPARED, [list(items)])
