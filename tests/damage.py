"""Damages the test database by hand, as its superuser: past triggers, foreign keys and grants.

The Django connection of the test becomes the superuser's for one test, inside the test's transaction;
so even dropped constraints come back when it ends.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections
from pytest_django.plugin import DjangoDbBlocker

from workbench.launcher import addresses, keys

Damage = Callable[..., None]


@pytest.fixture
def superuser(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Connect as the superuser; ask for this fixture before `db`."""
    mine = connections["default"].settings_dict
    kept = {name: mine[name] for name in ("USER", "PASSWORD")}
    with django_db_blocker.unblock():
        connection.close()
        mine.update(USER="postgres", PASSWORD=keys.secret(addresses.data_dir(), "database-superuser"))
        yield
        connection.close()
        mine.update(kept)


@pytest.fixture
def damage(superuser: None, db: None) -> Damage:
    """A function that runs a statement no guard stops."""

    def run(sql: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql, values)
            cursor.execute("SET LOCAL session_replication_role = origin")

    return run
