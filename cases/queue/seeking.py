"""Which items come next of those that fit a filter: the first of an order, without reading the case (decision 0021).

First the order is walked for some thousand rows, by an index that holds what filters ask for. Where that does not find
enough, what fits is rare or lies together far away: then it is collected by the index of what is asked for, and sorted.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from cases.ingest.contents import sort_key
from cases.models import Exhibit
from cases.queue.filters import Conditions, Wanted
from cases.queue.orders import Order
from cases.units import LAST

WALK = 30_000  # rows of an order that are read in search of what fits: 200 of which a hundredth does, and some more
FREE = "s.state = 'open' AND (s.lease_until IS NULL OR s.lease_until < now())"
FITS = "i.case_id = %(case)s AND i.state = 'open'"
# Only what the order's index holds (migration 0028), so that rows that do not fit are never fetched.
HELD = (
    "i.id, i.case_id, i.content_id, i.stack_id, i.kind, i.size, i.taken_at, i.camera, i.latitude, i.longitude, i.near"
)
BY_ITEM = f"""
SELECT i.id FROM (
  SELECT {{held}} FROM cases_item i WHERE {FITS}{{span}} ORDER BY {{index}} LIMIT {{walk}}) i
JOIN cases_stack s ON s.id = i.stack_id
WHERE {FREE} AND NOT starts_with(s.sort_key, '{LAST}'){{tests}} ORDER BY {{index}} LIMIT %(most)s
"""  # noqa: S608 only constants of this module
FIRST_ITEM = f"""CROSS JOIN LATERAL (
  SELECT i.id FROM cases_item i WHERE i.stack_id = s.id AND {FITS}{{tests}} LIMIT 1) i"""  # noqa: S608 only constants
BY_STACK = f"""
SELECT i.id FROM (
  SELECT s.*, {{rank}} AS rank FROM cases_stack s WHERE s.case_id = %(case)s AND {FREE}
  ORDER BY {{index}} LIMIT {{walk}}) s
{FIRST_ITEM} ORDER BY {{ranked}} LIMIT %(most)s
"""  # noqa: S608 only constants of this module
# The same for a folder or an exhibit: of the stacks that stand in it, each range and rank of the order by its index.
RANGES = "unnest(%(low)s::text[], %(high)s::text[]) AS r(low, high)"
BY_PLACE = f"""
SELECT i.id FROM (
  SELECT s.* FROM {RANGES} CROSS JOIN unnest(ARRAY[{{ranks}}]) AS rank CROSS JOIN LATERAL (
    SELECT s.*, rank FROM cases_stack s WHERE s.case_id = %(case)s AND {FREE} AND {{rank}} = rank
      AND s.sort_key >= r.low COLLATE "C" AND s.sort_key < r.high COLLATE "C"
    ORDER BY s.sort_key, s.id LIMIT {{walk}}) s ORDER BY {{ranked}} LIMIT {{walk}}) s
{FIRST_ITEM} ORDER BY {{ranked}} LIMIT %(most)s
"""  # noqa: S608 only constants of this module
# All that fits, by whatever index finds it, and sorted; nothing is looked up that is not needed for that.
COLLECT = f"""
WITH fitting AS MATERIALIZED (
  SELECT i.id, i.stack_id, i.promise, i.taken_at, i.size FROM {{source}} WHERE {FITS}{{tests}})
SELECT i.id FROM (SELECT * FROM fitting i ORDER BY {{index}}) i
CROSS JOIN LATERAL (SELECT FROM cases_stack s WHERE s.id = i.stack_id AND {FREE} AND {{last}} LIMIT 1) s
ORDER BY {{index}} LIMIT %(most)s
"""  # noqa: S608 only constants of this module
COLLECT_STACKS = f"""
SELECT i.id FROM {{source}} JOIN cases_stack s ON s.id = i.stack_id WHERE {FITS} AND {FREE}{{tests}}
ORDER BY {{before}}, {{index}} LIMIT %(most)s
"""  # noqa: S608 only constants of this module
ITEMS = "cases_item i"
THESE = "unnest(%(items)s::bigint[]) AS w(id) JOIN cases_item i ON i.id = w.id"
IN_PLACE = "(SELECT DISTINCT f.content_id FROM ({files}) f) p JOIN cases_item i ON i.content_id = p.content_id"
ELSEWHERE = f"NOT EXISTS (SELECT FROM {RANGES} WHERE s.sort_key >= r.low AND s.sort_key < r.high)"
SKIPPED = f"starts_with(s.sort_key, '{LAST}')"


def first(order: Order, asks: Conditions, wanted: Wanted, *, most: int) -> list[int]:
    """Items that fit and that nobody holds, as the order has them: one of each of the first `most` stacks, or all.

    Of a folder or an exhibit in an order of stacks: what stands there, then what only has a copy there.
    """
    values = asks.values | {"most": most}
    placed = bool(asks.files) and not order.by_item
    if placed:
        values |= _ranges(asks, wanted)
    for statement in _walks(order, asks, most=most, placed=placed):
        if len(found := _ids(statement, values)) >= most:
            return found
    source = IN_PLACE.format(files=asks.files) if asks.files else ITEMS
    if order.by_item and not asks.of_stacks:
        return _collected(order, source, asks.rest, values)
    before = ELSEWHERE if placed else SKIPPED
    return _ids(COLLECT_STACKS.format(source=source, tests=asks.rest, before=before, index=order.index), values)


def in_order(order: Order, items: Sequence[int], asks: Conditions, *, most: int) -> list[int]:
    """These items as the order has them, those that nobody holds."""
    values = asks.values | {"items": list(items), "most": most}
    return _ids(COLLECT_STACKS.format(source=THESE, tests="", before=SKIPPED, index=order.index), values)


def _collected(order: Order, source: str, tests: str, values: dict[str, Any]) -> list[int]:
    words = {"source": source, "tests": tests, "index": order.index}
    found = _ids(COLLECT.format(last=f"NOT {SKIPPED}", **words), values)
    if left := values["most"] - len(found):
        found += _ids(COLLECT.format(last=SKIPPED, **words), values | {"most": left})
    return found


def _walks(order: Order, asks: Conditions, *, most: int, placed: bool) -> Iterator[str]:
    """Statements that may find enough, the cheapest first."""
    words = {"index": order.index, "ranked": order.ranked, "rank": order.rank, "tests": asks.tests, "walk": WALK}
    if asks.of_stacks:  # what was skipped stands last in every order, and an index finds it
        return
    if order.by_item:
        held = f"{HELD}, i.promise" if order.code == "promise" else HELD
        yield BY_ITEM.format(held=held, span=asks.spans.get(order.code, ""), **words)
    elif not placed:
        yield BY_STACK.format(**words)
    else:
        words |= {"ranks": order.ranks}
        yield BY_PLACE.format(**words | {"walk": 2 * most})
        yield BY_PLACE.format(**words)


def _ids(statement: str, values: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


def _ranges(asks: Conditions, wanted: Wanted) -> dict[str, list[str]]:
    """Between which sort keys the stacks of a place stand."""
    kept = Exhibit.objects.filter(case=asks.values["case"], removed_at__isnull=True)
    if wanted.exhibit:
        kept = kept.filter(public_id=wanted.exhibit)
    low = [sort_key(exhibit, begins) for exhibit in kept.values_list("pk", flat=True) for begins in asks.folders]
    return {"low": low, "high": [key + "\U0010ffff" for key in low]}
