"""A case of as many open items as asked for, each a picture of its own, in a minute for each million.

What filters ask for is there in equal shares whatever the size: a hundredth of the items each, strewn over all orders
or in one place of that by path. Written by sets, as the superuser of an empty node: without foreign keys' triggers,
into tables emptied in the same transaction (so that nothing goes through the log), indexes made afterwards.
"""

import uuid
from typing import Any

TABLES = ("cases_content", "cases_fileinstance", "cases_stack", "cases_item")
# Two exhibits, the smaller with every hundredth picture; a hundred folders. `n` numbers pictures in the order of paths.
PLACES = """
CREATE TEMPORARY VIEW places AS SELECT n, CASE WHEN n % 100 = 7 THEN {second} ELSE {first} END AS exhibit,
  'part' || lpad(((n - 1) * 100 / {items})::text, 2, '0') || '/IMG_' || lpad(n::text, 8, '0') || '.jpg' AS path,
  CASE WHEN n % 100 = 50 THEN 'video' ELSE 'still' END AS kind, 1000 + n * 104729 % 1000003 AS size
FROM generate_series(1::bigint, {items}) n
"""
LOAD = (
    """
INSERT INTO cases_content (id, public_id, agency_id, sha256, md5, sha1, size, mime, kind, preview, preview_reason,
  preview_tries, veil, width, height, duration_ms)
SELECT n, gen_random_uuid(), %(agency)s, sha256(n::text::bytea), substr(sha256(('m' || n)::bytea), 1, 16),
  substr(sha256(('h' || n)::bytea), 1, 20), size, 'image/jpeg', kind, 'made', '', 0, repeat('v', 200)::bytea, 640, 480,
  0
FROM places
""",
    """
INSERT INTO cases_fileinstance (id, exhibit_id, name_key, ordinal, raw_path, locator, state, reason, content_id,
  modified, tries)
SELECT n, exhibit, sha256(path::bytea), 0, path::bytea, '', 'accepted', '', n, '', 1 FROM places
""",
    """
INSERT INTO cases_stack (id, public_id, case_id, sort_key, state, version, open_items, position, cover_id)
SELECT n, gen_random_uuid(), %(case)s, lpad(exhibit::text, 12, '0') || '/' || path, 'open', 1, 1, 0, n FROM places
""",
    """
INSERT INTO cases_item (id, public_id, case_id, content_id, stack_id, state, known, unsure, flagged, kind, size, camera,
  taken_at, latitude, longitude, near, promise)
SELECT n, gen_random_uuid(), %(case)s, n, n, 'open', false, false, false, kind, size,
  CASE WHEN n %% 100 = 3 THEN 'tern t1' WHEN n > %(items)s * 0.99 THEN 'tern late'
    WHEN n %% 100 < 50 THEN 'canon eos ' || n %% 20 ELSE '' END,
  CASE WHEN n %% 3 < 2 THEN '2024-01-01Z'::timestamptz + (n * 7919 %% 1000000) * interval '1 minute' END,
  CASE WHEN n %% 100 = 60 THEN n * 31 %% 180 - 90 END, CASE WHEN n %% 100 = 60 THEN n * 7 %% 360 - 180 END,
  n %% 100 = 9, CASE WHEN n %% 10 = 0 THEN n / 10 * 37 %% 100 ELSE 0 END FROM places
""",
)
TALLY = """
INSERT INTO cases_tally (case_id, exhibit_id, state, kind, items, known, files)
SELECT i.case_id, f.exhibit_id, 'open', i.kind, count(*), 0, count(*)
FROM cases_item i JOIN cases_fileinstance f ON f.content_id = i.content_id
GROUP BY GROUPING SETS ((i.case_id, f.exhibit_id, i.kind), (i.case_id, i.kind))
"""
UNIQUE = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = ANY(%s::regclass[]) AND contype = 'u'
"""
PLAIN = """
SELECT x.indexrelid::regclass::text, pg_get_indexdef(x.indexrelid) FROM pg_index x
WHERE x.indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid)
"""
SEQUENCE = "SELECT setval(pg_get_serial_sequence('{table}', 'id'), %(items)s)"


def case(items: int) -> tuple[Any, Any]:
    """Make people, a case and its items; returns the case and its investigator."""
    from cases import investigations
    from cases.models import Exhibit
    from workbench import people
    from workbench.models import Role

    agency = people.add_agency(slug="bench", name="Bench")
    person = people.add_person(username="bench", name="Bench", agency=agency, roles={Role.INVESTIGATOR})
    made = investigations.create(number="B-1", name="Bench", scheme_id="landscapes-t1", by=person)
    first, second = (
        Exhibit.objects.create(case=made, ref=ref, reader="folder", source=b"/b", added_by=person, state="done").pk
        for ref in ("B1", "B2")
    )
    _load({"agency": agency.pk, "case": made.pk, "items": items, "first": first, "second": second})
    return made, person


def case_and_client(items: int) -> tuple[Any, Any, Any]:
    """The same, and the browser's session of the investigator."""
    from django.test import Client

    made, person = case(items)
    client = Client(SERVER_NAME="localhost")
    client.force_login(person, backend="workbench.people.PasswordBackend")
    return made, person, client


def wish(unit: dict[str, Any]) -> Any:
    """Decide a unit, as it was sent to the page."""
    from cases.units import Wish

    return Wish(uuid.uuid4(), "decide", uuid.UUID(unit["id"]), unit["version"], "1")


def _load(values: dict[str, Any]) -> None:
    import psycopg

    from workbench.launcher import addresses

    with psycopg.connect(addresses.superuser_url(addresses.DATABASE), autocommit=True) as connection:
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica; SET LOCAL maintenance_work_mem = '1GB'")
            connection.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
            unique = connection.execute(UNIQUE, [list(TABLES)]).fetchall()
            for table, name, _definition in unique:
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            indexes = connection.execute(PLAIN, [list(TABLES)]).fetchall()
            for name, _definition in indexes:
                connection.execute(f"DROP INDEX {name}")
            connection.execute(PLACES.format(**values))
            for statement in (*LOAD, *(SEQUENCE.format(table=table) for table in TABLES)):
                connection.execute(statement, values)
            for _name, definition in indexes:
                connection.execute(definition)
            for table, name, definition in unique:
                connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
            connection.execute(TALLY)
        connection.execute("VACUUM (ANALYZE)")
