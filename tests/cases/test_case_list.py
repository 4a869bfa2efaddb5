"""The list of cases: by stage, by date, by what one keeps under a name, and as fast however many cases there are."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import acts, case_list, ending, figures, investigations, review, stages, tiles
from cases.case_list import Asked
from cases.days import counts
from cases.models import Case, CaseFilter, Exhibit, SecondShare
from tests.cases import material
from tests.cases.days.test_counts import look, wish
from tests.people import signed_in
from workbench.errors import BadInput
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened(dana: User) -> Callable[..., Case]:
    """Opens a case of Dana's, with two pictures unless it is to stay empty, and the code she gives both, if any."""

    def opened(number: str, *, pictures: int = 2, does: str = "", code: str | None = None, looks: bool = False) -> Case:
        case = investigations.create(number=number, name=f"Case {number}", scheme_id="landscapes-t1", by=dana)
        if pictures:
            material.pictures(case, dana, [f"{number}-{n}" for n in range(pictures)])
        if does:
            batch = review.claim(case=case, by=dana)
            for unit in tiles.units(batch) if looks else []:
                look(case, dana, unit["item"])
            acts.act(batch=batch, by=dana, wishes=[wish(unit, does, code) for unit in tiles.units(batch)])
            ending.close(batch=batch, by=dana)
        return case

    return opened


def test_every_case_is_listed_at_the_stage_its_row_names_and_at_no_other(
    opened: Callable[..., Case], dana: User, sam: User
) -> None:
    made = {
        "new": [opened("1", pictures=0)],
        "ingest": [opened("2")],  # one picture is undecided, but files are still on their way
        "review": [opened("3")],
        "second": [opened("4", does="unsure")],
        "publish": [opened("6", does="decide", code="1", looks=True)],
        "decided": [opened("7", does="decide", code="1")],  # with no look at it: nothing of it is offered
        "closed": [opened("8")],
    }
    Exhibit.objects.filter(case=made["ingest"][0]).update(pending=1)
    SecondShare.objects.update(percent=100)
    made["second"].append(opened("9", does="decide", code="1", looks=True))  # offered, and each to be viewed again
    investigations.close(case=made["closed"][0], by=sam, reason="done")
    every = list(Case.objects.all())
    words = stages.of_each(every, figures.of_each(every), counts.now(every))
    for stage, (word, _kind) in stages.STAGES.items():
        listed = [case.number for case in case_list.page(dana, Asked(stage=stage)).rows]
        assert listed == sorted((case.number for case in made[stage]), reverse=True), stage
        assert {words[case.pk][0] for case in made[stage]} == {word}


def test_filters_add_up_and_pages_go_by_key(opened: Callable[..., Case], dana: User, sam: User) -> None:
    made = [opened(f"26-{n}", pictures=0) for n in range(5)]
    Case.objects.filter(pk__in=[made[1].pk, made[3].pk]).update(due=timezone.localdate() - timedelta(1))
    Case.objects.filter(pk=made[3].pk).update(lead=sam)
    late = Asked(stage="new", due="late")
    assert [case.number for case in case_list.page(dana, late).rows] == ["26-3", "26-1"]
    assert [case.number for case in case_list.page(dana, Asked(stage="new", due="late", mine=True)).rows] == ["26-1"]
    assert case_list.page(dana, Asked(stage="review", text="26-")).rows == []
    first = case_list.page(dana, Asked(text="case 26"), limit=2)
    with CaptureQueriesContext(connection) as asked:
        second = case_list.page(dana, Asked(text="case 26"), before=int(first.next or 0), limit=2)
    assert [case.number for case in [*first.rows, *second.rows]] == ["26-4", "26-3", "26-2", "26-1"]
    assert len(asked) == 1
    page = signed_in(dana).get("/cases/?stage=new&due=late&mine=1&q=26", secure=True).content.decode()
    assert ("26-1" in page, "26-3" in page, "Led by me" in page) == (True, False, True)


def test_what_is_kept_under_a_name_is_ones_own_and_leads_back_to_the_same_list(
    case: Case, dana: User, milo: User
) -> None:
    client = signed_in(dana)
    answer = client.post("/cases/filters/", {"name": "Mine, late", "stage": "review", "due": "late", "mine": "1"})
    assert answer["Location"] == "/cases/?stage=review&due=late&mine=1"
    [kept] = case_list.kept(dana)
    assert case_list.asked_by(kept) == Asked(stage="review", due="late", mine=True)
    page = client.get(answer["Location"], secure=True).content.decode()
    assert ("Mine, late" in page, "Review · Late · Led by me" in page) == (True, True)
    assert "Mine, late" not in signed_in(milo).get("/cases/", secure=True).content.decode()
    assert client.post("/cases/filters/", {"name": "Mine, late", "stage": "review"}).status_code == 400
    for name, asked in (("", Asked(mine=True)), ("x", Asked()), ("a\u200bb", Asked(mine=True))):
        with pytest.raises(BadInput):
            case_list.keep(asked, name=name, by=dana)
    address = f"/cases/filters/{kept.public_id}/"
    assert signed_in(milo).post(address).status_code == 404
    assert client.post(address).status_code == 302
    assert not CaseFilter.objects.exists()
    told = AuditEvent.objects.filter(verb__startswith="case.filter").order_by("seq").values_list("verb", flat=True)
    assert list(told) == ["case.filter.save", "case.filter.remove"]
