"""Large hash sets and evidence for measurements, made inside PostgreSQL instead of being imported.

Entry n has MD5, SHA-1 (as many bytes of a SHA-256) and size; a content that is known has those of an entry.
"""

from typing import Any

import psycopg
from psycopg import sql

# What an import leaves, without its way: the partition is filled before it has indexes.
ENTRIES = """
INSERT INTO {part} (set_id, ident, md5, sha1, size, code, disposition, trust, added_in)
SELECT {set}, m, m, substr(sha256(m), 1, 20), 1000, '1', 'relevant', 'trusted', 1
FROM (SELECT decode(md5('entry ' || n), 'hex') AS m FROM generate_series(1, {number}) n OFFSET 0) made
"""
INDEXES = """
SELECT c.relname, k.conname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid WHERE x.indrelid = %s::regclass
"""


def fill(hash_set: Any, number: int, *, by: Any) -> None:
    """Put so many entries into an empty set, as its first version. Not by the road of an import."""
    from django.db import transaction

    from hashsets import generations
    from workbench import audit
    from workbench.launcher import addresses

    part = sql.Identifier(f"hashsets_entry_{hash_set.pk}")
    with psycopg.connect(addresses.superuser_url(addresses.DATABASE)) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute(sql.SQL("ALTER TABLE hashsets_entry DETACH PARTITION {}").format(part))
        _drop_indexes(connection, f"hashsets_entry_{hash_set.pk}")
        names = {"part": part, "set": sql.Literal(hash_set.pk), "number": sql.Literal(number)}
        connection.execute(sql.SQL(ENTRIES).format(**names))
        attach = "ALTER TABLE hashsets_entry ATTACH PARTITION {part} FOR VALUES IN ({set})"
        connection.execute(sql.SQL(attach).format(**names))
    with psycopg.connect(addresses.superuser_url(addresses.DATABASE), autocommit=True) as connection:
        connection.execute(sql.SQL("VACUUM ANALYZE {}").format(part))
    with transaction.atomic():
        locked = generations.lock(hash_set)
        _made, moved = generations.move(locked, generations.Step("made for a measurement", number, 0), by=by)
        audit.record_all([moved], by=by)
    hash_set.refresh_from_db()


def _drop_indexes(connection: Any, table: str) -> None:
    """They are made again, at once and sorted, when the table becomes a partition."""
    for index, constraint in connection.execute(INDEXES, [table]).fetchall():
        if constraint:
            drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
            connection.execute(drop.format(sql.Identifier(table), sql.Identifier(constraint)))
        else:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))


def md5s(first: int, number: int) -> list[bytes]:
    """The MD5 of entries from `first` on."""
    import hashlib

    return [hashlib.md5(f"entry {n}".encode()).digest() for n in range(first, first + number)]


# One statement makes files, contents, stacks and items as an ingest leaves them; of the first `known` contents, MD5,
# SHA-1 and size are those of an entry.
CONTENTS = """
WITH made AS MATERIALIZED (
  SELECT n, CASE WHEN n <= %(known)s THEN decode(md5('entry ' || n * %(step)s), 'hex')
            ELSE decode(md5('content ' || n), 'hex') END AS m FROM generate_series(1, %(number)s) n),
c AS (
  INSERT INTO cases_content (public_id, agency_id, sha256, md5, sha1, size, mime, kind, preview, preview_reason,
    preview_tries, veil, width, height, duration_ms)
  SELECT gen_random_uuid(), %(agency)s, sha256(m || '-'), m, substr(sha256(m), 1, 20), 1000, 'image/jpeg', 'still',
    'made', '', 0, 'veil', 640, 480, 0 FROM made RETURNING id),
f AS (
  INSERT INTO cases_fileinstance (exhibit_id, name_key, ordinal, raw_path, locator, state, reason, content_id, modified,
    tries)
  SELECT %(exhibit)s, sha256(int8send(id)), 0, int8send(id), '', 'accepted', '', id, '', 1 FROM c),
r AS MATERIALIZED (
  SELECT id AS content, nextval(pg_get_serial_sequence('cases_stack', 'id')) AS stack,
    nextval(pg_get_serial_sequence('cases_item', 'id')) AS item FROM c),
s AS (
  INSERT INTO cases_stack (id, public_id, case_id, sort_key, state, version, open_items, cover_id, position)
  SELECT stack, gen_random_uuid(), %(case)s, lpad(content::text, 12, '0'), 'open', 1, 1, item, 0 FROM r)
INSERT INTO cases_item (id, public_id, case_id, content_id, stack_id, state, known, unsure, flagged)
SELECT item, gen_random_uuid(), %(case)s, content, stack, 'open', false, false, false FROM r
"""
TALLY = """
INSERT INTO cases_tally (case_id, exhibit_id, state, kind, items, known, files)
VALUES (%(case)s, NULL, 'open', 'still', %(number)s, 0, %(number)s),
  (%(case)s, %(exhibit)s, 'open', 'still', %(number)s, 0, %(number)s)
"""


def evidence(case: Any, number: int, *, known: int, step: int) -> Any:
    """So many open pictures in a case, as an exhibit; `known` of them are every `step`th entry of a filled set."""
    from cases.models import Exhibit
    from workbench.launcher import addresses

    exhibit = Exhibit.objects.create(
        case=case, ref="B-1", reader="folder", source=b"/x", state="done", seen=number, accepted=number,
        added_by=case.lead,
    )  # fmt: skip
    values = {"agency": case.agency_id, "case": case.pk, "exhibit": exhibit.pk, "number": number, "known": known}
    with psycopg.connect(addresses.superuser_url(addresses.DATABASE)) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger a row: the rows are right by making
        connection.execute(CONTENTS, values | {"step": step})
        connection.execute(TALLY, values)
    with psycopg.connect(addresses.superuser_url(addresses.DATABASE), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return exhibit
