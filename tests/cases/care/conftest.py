"""People of the tests of care, and minutes that lie in the past: rows are moved, never the clock."""

from collections.abc import Callable, Iterable
from datetime import datetime

import pytest
from django.db import connection

from workbench import people
from workbench.models import Agency, Role, User

LOOK = """
INSERT INTO cases_screenminute (user_id, minute, ms)
SELECT %s, date_trunc('minute', statement_timestamp()) - make_interval(mins => ago), %s FROM unnest(%s::int[]) AS ago
"""

Looked = Callable[..., None]


@pytest.fixture
def looked() -> Looked:
    """`looked(dana, range(1, 51))`: minutes ago, in each of which she looked for `ms`."""

    def look(who: User, minutes_ago: Iterable[int], ms: int = 60_000) -> None:
        with connection.cursor() as cursor:
            cursor.execute(LOOK, [who.pk, ms, list(minutes_ago)])

    return look


def now() -> datetime:
    """The database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        at: datetime = cursor.fetchone()[0]
        return at


def noon() -> str:
    """A zone in which the day has begun hours ago and goes on for hours."""
    hour = datetime.now().astimezone().utctimetuple().tm_hour
    east = 12 - hour
    return f"Etc/GMT{-east:+d}" if east else "UTC"


@pytest.fixture
def wren(northmoor: Agency) -> User:
    return people.add_person(username="wren", name="Wren Ito", agency=northmoor, roles={Role.WELFARE})


@pytest.fixture
def ada(northmoor: Agency) -> User:
    return people.add_person(username="ada", name="Ada Kurz", agency=northmoor, roles={Role.AUDITOR})
