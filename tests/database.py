"""Put the test database back to what the migrations left, past guards that stop even its owner.

`app` may not truncate, and triggers forbid deleting from the log. So the superuser keeps a copy of
every table as migrated in the schema `pristine` and restores from it with triggers off.
"""

import psycopg
from psycopg import sql

from workbench.launcher import addresses

TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind = 'r' ORDER BY 1
"""
PARENT = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent WHERE i.inhrelid = %s::regclass
"""
WRITABLE = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""


def superuser() -> psycopg.Connection:
    """Return a connection to the test database that no guard stops."""
    return psycopg.connect(addresses.superuser_url(addresses.DATABASE))


def keep_pristine() -> None:
    """Copy every table as the migrations left it."""
    with superuser() as connection:
        connection.execute("CREATE SCHEMA pristine")
        for table in _tables(connection, "public"):
            name = sql.Identifier(table)
            connection.execute(sql.SQL("CREATE TABLE pristine.{0} AS TABLE public.{0}").format(name))


def restore_pristine() -> None:
    """Make every table what it was after the migrations; partitions added since are dropped."""
    with superuser() as connection:
        connection.execute("SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '20s'")
        kept = _tables(connection, "pristine")
        for table in _tables(connection, "public"):
            if table in kept:
                _restore(connection, table)
            else:
                _drop(connection, table)


def _drop(connection: psycopg.Connection, table: str) -> None:
    """Drop a table; a partition is taken off first, for keys may point at the whole it belongs to."""
    name = sql.Identifier(table)
    for (parent,) in connection.execute(PARENT, [f'public."{table}"']).fetchall():
        whole = sql.Identifier(parent)
        connection.execute(sql.SQL("ALTER TABLE public.{} DETACH PARTITION public.{}").format(whole, name))
    connection.execute(sql.SQL("DROP TABLE public.{}").format(name))


def _tables(connection: psycopg.Connection, schema: str) -> list[str]:
    return [name for (name,) in connection.execute(TABLES, [schema])]


def _restore(connection: psycopg.Connection, table: str) -> None:
    name = sql.Identifier(table)
    columns = sql.SQL(", ").join(
        sql.Identifier(column) for (column,) in connection.execute(WRITABLE, [f'public."{table}"'])
    )
    connection.execute(sql.SQL("DELETE FROM public.{}").format(name))
    statement = "INSERT INTO public.{0} ({1}) OVERRIDING SYSTEM VALUE SELECT {1} FROM pristine.{0}"
    connection.execute(sql.SQL(statement).format(name, columns))
