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
