"""The claim itself: whole stacks that nobody holds, in an order, of those that fit a filter, at most 200 items.

Without a filter it is one statement that reads the index of the order; with one, what comes first is sought before
(`seeking.py`).
"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from cases.models import Batch, Case
from cases.queue import seeking
from cases.queue.filters import Conditions, Wanted, conditions
from cases.queue.orders import ORDERS, Order
from cases.queue.seeking import FITS, FREE
from cases.units import LAST
from workbench.models import User

MANY = 10_000  # items that pages count to
COPIES = 3  # files of one item in a folder that are counted on
ATTEMPTS, PAUSE = 5, 0.02  # seconds

FITTING = """
SELECT i.id FROM {source} JOIN cases_stack s ON s.id = i.stack_id
WHERE {fits} AND {free}{conditions} LIMIT %(few)s
"""
COUNT = "SELECT count(*), count(DISTINCT f.id) FROM ({fitting}) f"
BY_STACK = f"""
SELECT s.id, s.open_items, row_number() OVER (ORDER BY {{index}}) AS place FROM (
  SELECT * FROM cases_stack s WHERE s.case_id = %(case)s AND {FREE} ORDER BY {{index}} LIMIT %(most)s
  FOR UPDATE SKIP LOCKED) s
"""  # noqa: S608 only constants of this module
BY_ITEM = f"""
SELECT f.id, min(f.open_items) AS open_items, min(f.place) AS place FROM (
  SELECT g.*, row_number() OVER () AS place FROM (
    SELECT s.id, s.open_items FROM cases_item i JOIN cases_stack s ON s.id = i.stack_id
    WHERE {FITS} AND {FREE} AND {{last}} ORDER BY {{index}} LIMIT %(most)s FOR UPDATE OF s SKIP LOCKED) g) f
GROUP BY f.id
"""  # noqa: S608 only constants of this module
# Those that were found, in that order.
AMONG = f"""
SELECT s.id, s.open_items, f.place FROM (
  SELECT i.stack_id, min(w.place) AS place FROM unnest(%(among)s::bigint[]) WITH ORDINALITY AS w(item, place)
  JOIN cases_item i ON i.id = w.item AND {FITS} GROUP BY 1) f
JOIN cases_stack s ON s.id = f.stack_id WHERE {FREE} ORDER BY s.id FOR UPDATE OF s SKIP LOCKED
"""  # noqa: S608 only constants of this module
TAKE = """
WITH pick AS MATERIALIZED ({pick}),
cut AS (SELECT id, sum(open_items) OVER w AS total, row_number() OVER w AS n FROM pick WINDOW w AS (ORDER BY place))
UPDATE cases_stack s SET batch_id = %(batch)s, position = cut.n,
  lease_until = (SELECT lease_until FROM cases_batch WHERE id = %(batch)s)
FROM cut WHERE s.id = cut.id AND (cut.total <= %(most)s OR cut.n = 1) RETURNING s.open_items
"""
NOT_SKIPPED = f"NOT starts_with(s.sort_key, '{LAST}')"
ONLY_SKIPPED = f"s.sort_key >= '{LAST}' AND starts_with(s.sort_key, '{LAST}')"


class Asked(NamedTuple):
    """An order and a filter of a person in a case."""

    case: Case
    by: User
    order: str = "alike"
    wanted: Wanted = Wanted()

    def told(self) -> dict[str, Any]:
        """For the log: what was asked for beyond the usual."""
        asked = {"order": self.order, "filter": self.wanted.as_json()}
        return {name: value for name, value in asked.items() if value not in ("alike", {})}


def number(asked: Asked) -> int:
    """Items that fit and that nobody holds, counted up to MANY."""
    asks = conditions(asked.wanted, case=asked.case.pk, by=asked.by.pk)
    most = COPIES * MANY if asks.files else MANY
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(fitting=_fitting(asks)), asks.values | {"few": most})
        rows, items = cursor.fetchone()
        return MANY if rows == most else min(int(items), MANY)


def take(asked: Asked, batch: Batch, *, among: Sequence[int] | None = None) -> int:
    """Lease stacks to the batch; returns how many open items they hold. One statement, with a filter up to three more.

    What was skipped comes last: without a filter, in an order of items, only once nothing else is left. `among`: only
    stacks of these items, whatever the filter says. Where others take at this very moment what fits, it
    is tried again: their rows are passed over, and they may leave some.
    """
    for _attempt in range(ATTEMPTS):
        if (taken := _take(asked, batch, among)) or among is not None or not number(asked):
            return taken
        time.sleep(PAUSE)
    return 0


def _take(asked: Asked, batch: Batch, among: Sequence[int] | None) -> int:
    order = ORDERS[asked.order]
    asks = conditions(asked.wanted, case=asked.case.pk, by=asked.by.pk)
    if among is not None:
        among = seeking.in_order(order, among, asks, most=settings.BATCH_ITEMS)
    elif asks.tests:
        among = seeking.first(order, asks, asked.wanted, most=settings.BATCH_ITEMS)
    values = asks.values | {"batch": batch.pk, "most": settings.BATCH_ITEMS, "among": among}
    for pick in _picks(order) if among is None else [AMONG]:
        with connection.cursor() as cursor:
            cursor.execute(TAKE.format(pick=pick), values)
            if taken := sum(row[0] for row in cursor.fetchall()):
                return int(taken)
    return 0


def _picks(order: Order) -> list[str]:
    if not order.by_item:
        return [BY_STACK.format(index=order.index)]
    return [BY_ITEM.format(index=order.index, last=last) for last in (NOT_SKIPPED, ONLY_SKIPPED)]


def _fitting(asks: Conditions) -> str:
    source = f"({asks.files}) p JOIN cases_item i ON i.content_id = p.content_id" if asks.files else "cases_item i"
    return FITTING.format(source=source, fits=FITS, free=FREE, conditions=asks.rest)
