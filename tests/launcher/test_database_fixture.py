"""The test database behaves like the product's: role `app`, guards on, restored after each test."""

import psycopg
import pytest
from django.db import ProgrammingError, connection

from tests import database
from workbench.models import Agency


def _current_user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_of_the_tests_role_is_the_products() -> None:
    assert _current_user() == "app"


@pytest.mark.django_db
def test_of_the_application_role_cannot_make_tables() -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mine (n int)")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_of_what_a_test_commits_the_next_one_sees_nothing(turn: int) -> None:
    assert not Agency.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_content_type")
        assert cursor.fetchone()[0] > 0  # what the migrations left is still there
    Agency.objects.create()
    with database.superuser() as other:
        assert isinstance(other, psycopg.Connection)
        assert other.execute("SELECT count(*) FROM workbench_agency").fetchone() == (1,)
