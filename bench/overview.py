"""The overview pages in a case of 10,000 items against one of a million, and what noting days costs a decision.

What a page asks of the database must not follow the size of the case: a page that counted items would take a hundred
times as long. All is CPU, of this process and of its PostgreSQL backend: others may run beside it.
"""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from bench import ground, stocked
from bench.figures import Row, median

SMALL, FULL, QUICK = 10_000, 1_000_000, 50_000
REPEATS = 15
AIM = 1.2  # of a case a hundred times as large; no issue bounds these pages, of claim and desk 1.2 is asked (orders.py)
DAYS = 60  # of history, as a team leaves it
DECISION = "a decision"

HISTORY = """
INSERT INTO cases_daycount (case_id, day, what, key, n, folded)
SELECT %(case)s, current_date - d, k.what, k.key, k.n, true FROM generate_series(1, %(days)s) d
CROSS JOIN (VALUES ('stacks', '', -100), ('decided', 'viewed', 80), ('decided', 'veiled', 20), ('files', '', 300),
  ('code', '1', 100), ('shown', '', 80)) AS k(what, key, n)
"""


def run(*, full: bool) -> list[Row]:
    """Measure in two empty nodes, one after the other and each in a process of its own, with one case each."""
    few, many = (ground.in_a_node("bench.overview", items) for items in (SMALL, FULL if full else QUICK))
    rows = [
        Row(f"{what}, median ms", round(many[what], 3), round(few[what], 3), aim=AIM, of_ratio=True)
        for what in few
        if not what.startswith(DECISION)
    ]
    noted, bare = many[DECISION], many[f"{DECISION}, nothing noted"]
    return [*rows, Row(f"{DECISION} that notes its day against one that does not, median ms", noted, bare)]


def _measure(items: int) -> dict[str, float]:
    from django.db import connection

    from cases.days import counts, known

    case, person, client = stocked.case_and_client(items)
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"case": case.pk, "days": DAYS})
    counts.fold()
    known.keep(case.pk)
    ground.analyze()
    watcher = _watcher(person.agency)
    found = {}
    for name, asks, path in (
        ("my work", client, "/"),
        ("cases", client, "/cases/"),
        ("case", client, f"/cases/{case.public_id}/"),
        ("dashboard", watcher, "/oversight/"),
    ):
        asks.get(path)
        found[f"{name}, database"] = median(lambda: _of_database(lambda: asks.get(path)), REPEATS)  # noqa: B023 at once
        found[f"{name}, all CPU"] = median(lambda: ground.cpu_ms(lambda: asks.get(path)), REPEATS)  # noqa: B023 at once
    return found | _decisions(case, person)


def _watcher(agency: Any) -> Any:
    from django.test import Client

    from workbench import people
    from workbench.models import Role

    client = Client(SERVER_NAME="localhost")
    person = people.add_person(username="watcher", name="Watcher", agency=agency, roles={Role.SUPERVISOR})
    client.force_login(person, backend="workbench.people.PasswordBackend")
    return client


def _of_database(act: Callable[[], Any]) -> float:
    """Milliseconds of CPU of the backend that answers."""
    began = ground.backend_ms()
    assert act().status_code == 200
    return ground.backend_ms() - began


def _decisions(case: Any, person: Any) -> dict[str, float]:
    """A key each, in turn with and without the triggers, on units of one batch."""
    from cases import acts, review, tiles

    batch = review.claim(case=case, by=person)
    units = iter(tiles.units(batch, limit=200))

    def press() -> float:
        return ground.cpu_ms(lambda: acts.act(batch=batch, by=person, wishes=[stocked.wish(next(units))]))

    for _warm in range(10):
        press()
    spent: dict[str, list[float]] = {DECISION: [], f"{DECISION}, nothing noted": []}
    for name in _in_turn(list(spent)):
        _note(on=name == DECISION)
        spent[name] += [press() for _ in range(10)]
    _note(on=True)
    return {name: median(iter(values).__next__, len(values)) for name, values in spent.items()}


def _in_turn(names: list[str]) -> Iterator[str]:
    return iter(names * 8)


def _note(*, on: bool) -> None:
    """Have the database note days, or not; the owner's work."""
    import psycopg

    from workbench.launcher import addresses

    word = "ENABLE" if on else "DISABLE"
    with psycopg.connect(addresses.superuser_url(addresses.DATABASE), autocommit=True) as connection:
        named = connection.execute(
            "SELECT t.tgrelid::regclass::text, t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE p.proname LIKE 'cases_note_%'"
        ).fetchall()
        for table, trigger in named:
            connection.execute(f"ALTER TABLE {table} {word} TRIGGER {trigger}")


if __name__ == "__main__":
    with ground.fresh():
        measured = _measure(int(sys.argv[1]))
    sys.stdout.write(f"{json.dumps(measured)}\n")
