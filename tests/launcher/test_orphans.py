"""What a crash of the database leaves behind is removed, and nothing else."""

import os

import psycopg

from workbench.launcher import addresses, orphans


def test_only_old_files_that_no_table_names_are_removed(servers: None) -> None:
    cluster, url = addresses.postgres_dir() / "data", addresses.superuser_url(addresses.DATABASE)
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT pg_relation_filepath('hashsets_hashset'), pg_relation_filepath('pg_class')")
        named = [cluster / path for path in found.fetchall()[0]]
    folder = named[0].parent
    left = [folder / name for name in ("4000000001", "4000000001.1", "4000000001_fsm")]
    young = folder / "4000000002"  # of a table that somebody is making just now
    for path in (*left, young):
        path.write_bytes(bytes(100))
    for path in (*left, *named):
        os.utime(path, (1000, 1000))
    try:
        with psycopg.connect(url) as at_work:
            at_work.execute("SELECT 1")  # its transaction stays open
            assert orphans.remove(url, cluster) == 0
        assert orphans.remove(url, cluster) == 300
        assert [path.exists() for path in (*left, *named, young)] == [False] * 3 + [True] * 3
        assert orphans.remove(url, cluster) == 0
    finally:
        young.unlink()
