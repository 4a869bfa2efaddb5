"""Burn-down and dashboard: levels and dates from the days, figures against counts by hand, nobody's own pace."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import decisions, investigations
from cases.days import burndown, counts, dashboard, words
from cases.days.burndown import Silence
from cases.models import Case, DayCount, Item, LimitReached
from tests.cases import material
from tests.cases.days.test_counts import look, worked
from tests.people import signed_in
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db
__all__ = ["worked"]  # a fixture
COUNTS_ITEMS = re.compile(r"\bcount\((?:(?!\bfrom\b).)*\bfrom cases_item\b", re.DOTALL)


def past(case: Case, looks: Sequence[int], began: int) -> None:
    """Days before today as the database would have noted them: `began` stacks, of which so many were decided a day."""
    today = counts.today(case.agency_id)
    days = [today - timedelta(len(looks) - place) for place in range(len(looks))]
    rows = [DayCount(case=case, day=days[0], what="stacks", n=began)]
    rows += [DayCount(case=case, day=day, what="stacks", n=-n) for day, n in zip(days, looks, strict=True) if n]
    rows += [
        DayCount(case=case, day=day, what="decided", key="viewed", n=n) for day, n in zip(days, looks, strict=True)
    ]
    rows += [DayCount(case=case, day=day, what="files", n=2 * n) for day, n in zip(days, looks, strict=True) if n]
    DayCount.objects.bulk_create(rows)


def decide(case: Case, *people: User) -> None:
    """Each decides a picture of the case today."""
    contents = material.pictures(case, people[0], [f"today {case.pk} {person.pk}" for person in people])
    for content, person in zip(contents, people, strict=True):
        decisions.decide_content(case=case, content=content, code="1", by=person, via="page", viewed=True)


def test_the_line_is_what_was_left_each_day_and_the_range_is_of_dates(case: Case, dana: User, milo: User) -> None:
    past(case, [10] * 6 + [0, 0], began=100)
    decide(case, dana, milo)
    found = burndown.of([case.pk], agency=case.agency_id, by=dana)
    assert found.levels == [90, 80, 70, 60, 50, 40, 40, 40, 40]
    assert found.first == found.today - timedelta(8)
    early, _middle, late = (n or 0 for n in found.ahead or ())
    assert early < 40 / (60 / 8) < late  # days of rest come again
    dues = {n: words.burndown(found, found.today + timedelta(n))["pill"] for n in (early - 1, early, late)}
    assert dues == {early - 1: ("late", "bad"), early: ("may be late", "warn"), late: ("in time", "ok")}


def test_without_enough_days_and_of_one_persons_pace_there_is_no_forecast(
    case: Case, dana: User, milo: User, sam: User
) -> None:
    decide(case, dana)
    assert burndown.of([case.pk], agency=case.agency_id, by=dana).silence is Silence.FEW_DAYS
    past(case, [10] * 7, began=100)
    seen = burndown.of([case.pk], agency=case.agency_id, by=sam)
    assert (seen.ahead, seen.silence) == (None, Silence.ONE_PERSON)
    assert "that person's own" in words.burndown(seen, None)["sentence"]
    assert burndown.of([case.pk], agency=case.agency_id, by=dana).ahead  # one's own
    decide(case, milo)
    assert burndown.of([case.pk], agency=case.agency_id, by=sam).ahead


def test_figures_of_the_dashboard_are_what_a_count_by_hand_gives(worked: Case, dana: User, sam: User) -> None:
    other = investigations.create(number="26-2", name="Quay", scheme_id="landscapes-t1", by=dana)
    [content] = material.pictures(other, dana, ["quay"])
    look(other, dana, str(Item.objects.get(case=other).public_id))
    decisions.decide_content(case=other, content=content, code="2", by=dana, via="page", viewed=True)
    closed = investigations.create(number="26-3", name="Shut", scheme_id="landscapes-t1", by=dana)
    material.pictures(closed, dana, ["shut"])
    investigations.close(case=closed, by=sam, reason="over")
    found = dashboard.of(sam, 7)
    assert (found.cases, found.unique, found.known) == (2, 13, 0)
    assert found.never_shown == pytest.approx(100 * (13 - 5) / 13)  # four looked at in the first case, one in the other
    assert found.backlog.left == 6
    assert found.views_per_file == pytest.approx((6 + 1) / (8 + 1))
    assert [(day.viewed, day.veiled, day.files, day.followed) for day in found.period[-2:]] == [
        (0, 0, 0, 0),
        (5, 2, 9, 2),
    ]
    assert (found.published.in_period, found.published.latest, found.published.elsewhere) == (1, 1, 0)
    assert found.oldest
    assert found.oldest.number == "26-1"
    assert found.hours is None


def test_the_page_tells_of_days_and_limits_and_of_nobodys_pace(worked: Case, dana: User, milo: User, sam: User) -> None:
    client = signed_in(sam)
    with CaptureQueriesContext(connection) as asked:
        page = client.get("/oversight/", secure=True).content.decode()
    assert "Nobody reached a limit" in page
    for person in (dana, milo):
        assert person.name not in page  # no list of people
    for sql in (query["sql"] for query in asked.captured_queries):
        assert not COUNTS_ITEMS.search(sql.lower().replace('"', ""))
    LimitReached.objects.create(user=milo, day=counts.today(milo.agency), minutes=240)
    page = client.get("/oversight/?days=90", secure=True).content.decode()
    assert milo.name in page
    assert dana.name not in page
    assert client.get("/oversight/?days=8", secure=True).status_code == 400


def test_the_csv_is_what_is_seen_and_an_event(worked: Case, sam: User) -> None:
    answer = signed_in(sam).get("/oversight/figures.csv?days=7", secure=True)
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    found = dashboard.of(sam, 7)
    values = {(row["name"], row["figure"]): row["value"] for row in rows}
    assert values["open cases", "views left"] == str(found.backlog.left) == "6"
    assert values[found.backlog.today.isoformat(), "files"] == "8"
    assert len([row for row in rows if row["part"] == "day" and row["figure"] == "viewed"]) == 7
    assert AuditEvent.objects.filter(verb="report.export", actor="sam").count() == 1


def test_what_nobody_unveiled_is_called_what_it_is(worked: Case, sam: User) -> None:
    page = signed_in(sam).get("/oversight/", secure=True).content.decode()
    shown = page.split("Unveiled by nobody")[1].split("</div>")[0]
    assert "the others decided without a look, or still left" in shown
