"""The queue with 100,000 open items: claim (database), page data (server CPU), decisions.

Claim and decide are timed by PostgreSQL's own clock around the statements of one call, page data as CPU of the
web process for a whole request (session, person, scope, rows, JSON). Nothing is cached between calls.
"""

import uuid
from typing import Any

from bench import ground
from bench.figures import Row, cpu_ms, median, wall_ms

REPEATS = 15
FULL, SMALL = 100_000, 20_000

CONTENTS = """
INSERT INTO cases_content (public_id, agency_id, sha256, md5, sha1, size, mime, kind, preview, preview_reason,
  preview_tries, veil, width, height, duration_ms)
SELECT gen_random_uuid(), %(agency)s, sha256(n::text::bytea), substr(sha256(('m' || n)::bytea), 1, 16),
  substr(sha256(('h' || n)::bytea), 1, 20), 1000 + n, 'image/jpeg', 'still', 'made', '', 0, repeat('v', 200)::bytea,
  640, 480, 0 FROM generate_series(1, %(items)s) n
"""
FILES = """
INSERT INTO cases_fileinstance (exhibit_id, name_key, ordinal, raw_path, locator, state, reason, content_id,
  modified, tries)
SELECT %(exhibit)s, sha256(c.id::text::bytea), 0, ('DCIM/100APPLE/IMG_' || lpad(c.id::text, 8, '0') || '.jpg')::bytea,
  '', 'accepted', '', c.id, '', 1 FROM cases_content c
"""
STACKS = """
INSERT INTO cases_stack (public_id, case_id, sort_key, state, version, open_items, position)
SELECT gen_random_uuid(), %(case)s, '0001/IMG_' || lpad(c.id::text, 8, '0'), 'open', 1, 1, 0 FROM cases_content c
"""
ITEMS = """
INSERT INTO cases_item (public_id, case_id, content_id, stack_id, state, known, unsure, flagged)
SELECT gen_random_uuid(), %(case)s, substr(s.sort_key, 10)::bigint, s.id, 'open', false, false, false FROM cases_stack s
"""
COVERS = "UPDATE cases_stack s SET cover_id = i.id FROM cases_item i WHERE i.stack_id = s.id"
TALLY = """
INSERT INTO cases_tally (case_id, exhibit_id, state, kind, items, known, files)
SELECT %(case)s, x, 'open', 'still', %(items)s, 0, %(items)s FROM unnest(ARRAY[NULL, %(exhibit)s]::bigint[]) x
"""


def run(*, full: bool) -> list[Row]:
    """Measure on an empty node with one case of 100,000 (or 20,000) open items."""
    items = FULL if full else SMALL
    with ground.fresh():
        return _measure(items)


def _measure(items: int) -> list[Row]:
    from cases import acts, review, tiles

    case, person, client = _case(items)
    claim = median(lambda: _claim_ms(case, person), REPEATS)
    batch = review.claim(case=case, by=person)
    address = f"/api/v1/batches/{batch.public_id}/units"
    client.get(f"{address}?limit=60")
    sixty = median(lambda: cpu_ms(lambda: client.get(f"{address}?limit=60")), REPEATS)
    two_hundred = median(lambda: cpu_ms(lambda: client.get(f"{address}?limit=200")), REPEATS)
    units = iter(tiles.units(batch, limit=200))
    one = median(lambda: wall_ms(lambda: acts.act(batch=batch, by=person, wishes=[_wish(next(units))])), REPEATS)
    many = [_wish(next(units)) for _ in range(60)]
    together = wall_ms(lambda: acts.act(batch=batch, by=person, wishes=many))
    return [
        Row(f"batch claim at {items:,} open items, ms of statement time", claim, must=5.0),
        Row("page data of 60 tiles, ms server CPU", sixty, must=12.0),
        Row("page data of 200 tiles, ms server CPU", two_hundred, must=35.0),
        Row("a decision, ms", one, must=10.0),
        Row("60 decisions together against one, ms", round(together, 3), one),
    ]


def _case(items: int) -> tuple[Any, Any, Any]:
    from django.db import connection, transaction
    from django.test import Client

    from cases import investigations
    from cases.models import Exhibit
    from workbench import people
    from workbench.models import Role

    agency = people.add_agency(slug="bench", name="Bench")
    person = people.add_person(username="bench", name="Bench", agency=agency, roles={Role.INVESTIGATOR})
    case = investigations.create(number="B-1", name="Bench", scheme_id="landscapes-t1", by=person)
    exhibit = Exhibit.objects.create(case=case, ref="B", reader="folder", source=b"/b", added_by=person, state="done")
    values = {"agency": agency.pk, "case": case.pk, "exhibit": exhibit.pk, "items": items}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (CONTENTS, FILES, STACKS, ITEMS, COVERS, TALLY):
            cursor.execute(statement, values)
    ground.analyze()
    client = Client(SERVER_NAME="localhost")
    client.force_login(person, backend="workbench.people.PasswordBackend")
    return case, person, client


def _claim_ms(case: Any, person: Any) -> float:
    """Statement time of the claim itself, by PostgreSQL; the batch is given back afterwards."""
    from django.db import connection

    from cases import ending, review

    with connection.execute_wrapper(timer := _Timer("WITH pick AS")):
        batch = review.claim(case=case, by=person)
    ending.close(batch=batch, by=person)
    return timer.ms


class _Timer:
    """Times the statements that begin as told, round trip included."""

    def __init__(self, begins: str) -> None:
        self.begins, self.ms = begins, 0.0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer: list[Any] = []
        spent = wall_ms(lambda: answer.append(execute(sql, params, many, context)))
        if sql.lstrip().startswith(self.begins):
            self.ms += spent
        return answer[0]


def _wish(unit: dict[str, Any]) -> Any:
    from cases.units import Wish

    return Wish(uuid.uuid4(), "decide", uuid.UUID(unit["id"]), unit["version"], "1")
