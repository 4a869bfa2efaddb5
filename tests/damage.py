"""Damages the test database by hand, as its superuser: past triggers, foreign keys and grants.

The Django connection of the test becomes the superuser's for one test, inside the test's transaction;
so even dropped constraints come back when it ends.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections, transaction
from pytest_django.plugin import DjangoDbBlocker

from workbench.launcher import addresses, keys

Damage = Callable[..., None]


@contextmanager
def as_superuser() -> Iterator[None]:
    """Make the tests' connection the superuser's, inside the block."""
    mine = connections["default"].settings_dict
    kept = {name: mine[name] for name in ("USER", "PASSWORD")}
    connection.close()
    mine.update(USER="postgres", PASSWORD=keys.secret(addresses.data_dir(), "database-superuser"))
    try:
        yield
    finally:
        connection.close()
        mine.update(kept)


def past_all_guards(sql: str, *values: Any) -> None:
    """Run a statement that no trigger, foreign key or grant stops."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


@contextmanager
def rolled_back() -> Iterator[None]:
    """What happens inside the block never happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def superuser(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Connect as the superuser; ask for this fixture before `db`."""
    with django_db_blocker.unblock(), as_superuser():
        yield


@pytest.fixture
def damage(superuser: None, db: None) -> Damage:
    """A function that runs a statement no guard stops, in a test with a database of its own."""
    return past_all_guards
