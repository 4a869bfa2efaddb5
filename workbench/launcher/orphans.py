"""Files that a crash of the database left behind: of tables whose transaction never ended, so that no table names them.

PostgreSQL removes temporary ones at its start and forgets the others; a list on its way into a new partition may be
gigabytes (hashsets/fresh.py).
"""

import re
from pathlib import Path

import psycopg

_FILE = re.compile(r"(\d+)(?:_(?:fsm|vm|init))?(?:\.\d+)?")  # number, fork, segment
# Whoever has a transaction open may be making a table that has no name for us yet.
AT_WORK = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND xact_start IS NOT NULL
  AND pid <> pg_backend_pid()
"""
WHERE = "SELECT oid, extract(epoch FROM pg_postmaster_start_time()) FROM pg_database WHERE datname = current_database()"
NAMELESS = "SELECT n FROM unnest(%s::oid[]) AS n WHERE pg_filenode_relation(0, n) IS NULL"


def remove(database_url: str, cluster: Path) -> int:
    """Delete the files of a database that no table names; bytes freed. At the start, before others work.

    Where somebody works already, nothing: the next start does it. Besides, only files older than this start go, so
    that neither a clock that was set back nor a transaction that begins meanwhile can cost a table.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        if connection.execute(AT_WORK).fetchall()[0][0]:
            return 0
        oid, started = connection.execute(WHERE).fetchall()[0]
        files = _older_than(cluster / "base" / str(oid), float(started))
        numbers = sorted({number for number, _path in files})
        nameless = {int(number) for (number,) in connection.execute(NAMELESS, [numbers])}
    return sum(_removed(path) for number, path in files if number in nameless)


def _older_than(folder: Path, moment: float) -> list[tuple[int, Path]]:
    """Files of tables and indexes, with their numbers, that nobody wrote since."""
    found = [(match, path) for path in folder.iterdir() if (match := _FILE.fullmatch(path.name))]
    return [(int(match[1]), path) for match, path in found if path.stat().st_mtime < moment]


def _removed(path: Path) -> int:
    size = path.stat().st_size
    path.unlink()
    return size
