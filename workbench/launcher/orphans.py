"""Files that a crash of the database left behind: of tables whose transaction never ended, so that no table names them.

PostgreSQL removes temporary ones at its start and forgets the others; a list on its way into a new partition may be
gigabytes (hashsets/fresh.py).
"""

import re
from contextlib import suppress
from pathlib import Path

import psycopg

_FILE = re.compile(r"(\d+)(?:_(?:fsm|vm|init))?(?:\.\d+)?")  # number, fork, segment
# Whoever has a transaction open, or prepared one, may be making a table that has no name for us yet.
AT_WORK = """
SELECT (SELECT count(*) FROM pg_prepared_xacts) + (SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND xact_start IS NOT NULL
  AND pid <> pg_backend_pid())
"""
WHERE = "SELECT oid FROM pg_database WHERE datname = current_database()"
NAMELESS = """
SELECT n FROM unnest(%s::oid[]) AS n
WHERE pg_filenode_relation(0, n) IS NULL AND n NOT IN (SELECT relfilenode FROM pg_class)
"""
STARTED = "postmaster.opts"  # written at each start of the server, by the clock that the other files' times are of


def remove(database_url: str, cluster: Path) -> int:
    """Delete the files of a database that no table names; bytes freed. At the start, before others work.

    Where somebody works already, nothing: the next start does it. Besides, only files older than this start go, so
    that no transaction that begins meanwhile can lose a table.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        if connection.execute(AT_WORK).fetchall()[0][0]:
            return 0
        (oid,) = connection.execute(WHERE).fetchall()[0]
        files = _older_than(cluster / "base" / str(oid), (cluster / STARTED).stat().st_mtime)
        nameless = {int(n) for (n,) in connection.execute(NAMELESS, [sorted({number for number, _path in files})])}
    # The file that holds the number goes last: while it is there, no new table gets the number.
    left = sorted((path for number, path in files if number in nameless), key=lambda path: path.name.isdigit())
    return sum(map(_removed, left))


def _older_than(folder: Path, moment: float) -> list[tuple[int, Path]]:
    """Files of tables and indexes, with their numbers, that nobody wrote since."""
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if (match := _FILE.fullmatch(path.name)) and path.stat().st_mtime < moment:
                found.append((int(match[1]), path))
    return found


def _removed(path: Path) -> int:
    with suppress(FileNotFoundError):
        size = path.stat().st_size
        path.unlink()
        return size
    return 0
