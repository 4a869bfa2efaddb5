"""Statements about a handful of rows are planned once for many calls; larger work is planned for what it is."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

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


def test_values_go_in_binary_and_what_looks_like_one_in_a_text_stays() -> None:
    with prepared.cursor() as cursor:
        cursor.execute("SELECT format('%%s', 'x'), %s::bytea[], %s::uuid, %s::text", [[b"\0a"], None, "é"])
        assert cursor.fetchone() == ("x", [b"\0a"], None, "é")
        cursor.execute("SELECT '%s'")
        assert cursor.fetchone() == ("%s",)


def test_plans_are_let_go_of_every_few_seconds_and_not_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    def let_go() -> int:
        with CaptureQueriesContext(connection) as sent:
            prepared.replan()
        return len(sent)

    connection.ensure_connection()
    connection.connection.planned = 0.0
    now = time.monotonic()
    assert [let_go(), let_go()] == [1, 0]
    monkeypatch.setattr("workbench.prepared.time.monotonic", lambda: now + prepared.PLAN_SECONDS + 60)
    assert let_go() == 1
    connection.connection.planned = 0.0
    assert total([1, 2]) == 3
