"""The claim itself: whole stacks that nobody holds, in an order, of those that fit a filter, at most 200 items.

Where FEW fit they are found first, by the index of what is asked for, and put in order, so that what is rare is never
sought through a whole case. Where more fit, PostgreSQL chooses: it mostly reads the index of the order until they do.
"""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from cases.models import Batch, Case
from cases.queue.filters import Conditions, Wanted, conditions
from cases.queue.orders import ORDERS, Order
from cases.units import LAST
from workbench.models import User

MANY = 10_000  # items that pages count to
FEW = 1_000
COPIES = 3  # files of one item in a folder that are counted on
ATTEMPTS, PAUSE = 5, 0.02  # seconds

FREE = "s.state = 'open' AND (s.lease_until IS NULL OR s.lease_until < now())"
FITS = "i.case_id = %(case)s AND i.state = 'open'"
FITTING = """
SELECT i.id FROM {source} JOIN cases_stack s ON s.id = i.stack_id
WHERE {fits} AND {free}{conditions} LIMIT %(few)s
"""
COUNT = "SELECT count(*), count(DISTINCT f.id) FROM ({fitting}) f"
IDS = "SELECT coalesce(array_agg(f.id), '{{}}') FROM ({fitting}) f"
BY_STACK = """
SELECT s.id, s.open_items, row_number() OVER (ORDER BY {index}) AS place FROM (
  SELECT * FROM cases_stack s WHERE s.case_id = %(case)s AND {free}{fit} ORDER BY {index} LIMIT %(most)s
  FOR UPDATE SKIP LOCKED) s
"""
AMONG = " AND s.id IN (SELECT i.stack_id FROM cases_item i WHERE {fits}{tests})"
WITH_ONE = " AND EXISTS (SELECT FROM cases_item i WHERE i.stack_id = s.id AND {fits}{tests})"
BY_ITEM = """
SELECT f.id, min(f.open_items) AS open_items, min(f.place) AS place FROM (
  SELECT g.*, row_number() OVER () AS place FROM (
    SELECT s.id, s.open_items FROM cases_item i JOIN cases_stack s ON s.id = i.stack_id
    WHERE {fits} AND {free}{fit}{last} ORDER BY {index} LIMIT %(most)s FOR UPDATE OF s SKIP LOCKED) g) f GROUP BY f.id
"""
TAKE = """
WITH pick AS MATERIALIZED ({pick}),
cut AS (SELECT id, sum(open_items) OVER w AS total, row_number() OVER w AS n FROM pick WINDOW w AS (ORDER BY place))
UPDATE cases_stack s SET batch_id = %(batch)s, position = cut.n,
  lease_until = (SELECT lease_until FROM cases_batch WHERE id = %(batch)s)
FROM cut WHERE s.id = cut.id AND (cut.total <= %(most)s OR cut.n = 1) RETURNING s.open_items
"""
NOT_SKIPPED = f" AND NOT starts_with(s.sort_key, '{LAST}')"
ONLY_SKIPPED = f" AND s.sort_key >= '{LAST}' AND starts_with(s.sort_key, '{LAST}')"


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
    """Lease stacks to the batch; returns how many open items they hold. One statement, with a filter one more.

    What was skipped comes last: together with the rest where the order is that of the stacks, else once nothing else
    fits. `among`: only stacks of these items, whatever the filter says. Where others take at this very moment what
    fits, it is tried again: their rows are passed over, and they may leave some.
    """
    for _attempt in range(ATTEMPTS):
        if (taken := _take(asked, batch, among)) or among is not None or not number(asked):
            return taken
        time.sleep(PAUSE)
    return 0


def _take(asked: Asked, batch: Batch, among: Sequence[int] | None) -> int:
    order = ORDERS[asked.order]
    asks = conditions(asked.wanted, case=asked.case.pk, by=asked.by.pk)
    if asks.tests and among is None:
        among = _few(asks)
    tests = asks.tests if among is None else " AND i.id = ANY(%(among)s::bigint[])"
    values = asks.values | {"batch": batch.pk, "most": settings.BATCH_ITEMS, "among": among}
    for last in (NOT_SKIPPED, ONLY_SKIPPED) if order.by_item else ("",):
        with connection.cursor() as cursor:
            cursor.execute(_statement(order, tests, last, few=among is not None), values)
            if taken := sum(row[0] for row in cursor.fetchall()):
                return int(taken)
    return 0


def _few(asks: Conditions) -> list[int] | None:
    """The items that fit, where they are few; else None."""
    with connection.cursor() as cursor:
        cursor.execute(IDS.format(fitting=_fitting(asks)), asks.values | {"few": FEW})
        found: list[int] = cursor.fetchone()[0]
        return found if len(found) < FEW else None


def _fitting(asks: Conditions) -> str:
    source = f"({asks.files}) p JOIN cases_item i ON i.content_id = p.content_id" if asks.files else "cases_item i"
    return FITTING.format(source=source, fits=FITS, free=FREE, conditions=asks.rest)


def _statement(order: Order, tests: str, last: str, *, few: bool) -> str:
    words = {"fits": FITS, "free": FREE, "last": last, "index": order.index}
    if order.by_item:
        return TAKE.format(pick=BY_ITEM.format(fit=tests, **words))
    fit = ""
    if few:
        fit = AMONG.format(fits=FITS, tests=tests)
    elif tests:
        fit = WITH_ONE.format(fits=FITS, tests=tests)
    return TAKE.format(pick=BY_STACK.format(fit=fit, **words))
