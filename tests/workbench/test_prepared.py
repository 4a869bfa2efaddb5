"""Statements behind a key press are planned once per connection; larger work is planned for what it is."""

import pytest
from django.db import connection

from workbench import prepared

pytestmark = pytest.mark.django_db
SUM = "SELECT sum(n)::bigint FROM unnest(%s::bigint[]) n"


def plans() -> int:
    """How many statements this connection has prepared."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT sum(n)%%'")
        return int(cursor.fetchone()[0])


def total(numbers: list[int]) -> int:
    with prepared.cursor(rows=len(numbers)) as cursor:
        cursor.execute(SUM, [numbers])
        return int(cursor.fetchone()[0])


def test_a_statement_that_runs_again_is_planned_once() -> None:
    before = plans()
    assert [total([1, 2]), total([3, 4])] == [3, 7]
    assert plans() == before + 1


def test_a_statement_about_many_rows_is_not_prepared() -> None:
    before = plans()
    assert total([1] * (prepared.FEW + 1)) == prepared.FEW + 1
    assert plans() == before


def test_django_s_own_statements_stay_unprepared_afterwards() -> None:
    total([1])
    before = plans()
    for _ in range(10):
        with connection.cursor() as cursor:
            cursor.execute(SUM, [[1]])
    assert plans() == before


def test_prepared_statements_are_counted_like_any_other(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]
        total([1])
        total([2])


def test_a_plan_is_made_for_any_list_and_kept() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW plan_cache_mode")
        assert cursor.fetchone() == ("force_generic_plan",)
