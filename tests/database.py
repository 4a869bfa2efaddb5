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
COLUMNS = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY c.relname
"""


def superuser() -> psycopg.Connection:
    """Return a connection to the test database that no guard stops."""
    return psycopg.connect(addresses.superuser_url(addresses.DATABASE))


def past_guards(statement: str, *values: object) -> None:
    """Do what no role of the product may, to rows that are committed: age them, lose them as an old backup does."""
    with superuser() as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(statement.encode(), values)


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
        kept, now = _tables(connection, "pristine"), _tables(connection, "public")
        columns: dict[str, list[str]] = dict(connection.execute(COLUMNS).fetchall())
        # in one go: this runs after each test that commits, and a question for each table takes longer than the work
        statements: list[sql.Composable] = [_restored(table, columns[table]) for table in now if table in kept]
        connection.execute(sql.SQL("; ").join(statements))
        for table in now:  # last: rows of other tables may point at a partition
            if table not in kept:
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


def _restored(table: str, columns: list[str]) -> sql.Composed:
    """The statements that make a table what it was."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statements = (
        "DELETE FROM public.{0}; INSERT INTO public.{0} ({1}) OVERRIDING SYSTEM VALUE SELECT {1} FROM pristine.{0}"
    )
    return sql.SQL(statements).format(sql.Identifier(table), names)
