"""The counts that the database notes are what a count by hand gives, after everything that people do."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.db.models import Count, Sum

from cases import acts, decisions, ending, publishing, review, states, tiles
from cases.days import counts, known
from cases.models import Case, DayCount, Decision, Item, KnownIn, Offer, Stack, Standing, Tally, Viewing
from cases.units import Wish
from tests import factories
from tests.cases import material
from workbench import checks
from workbench.models import User

pytestmark = pytest.mark.django_db


def wish(unit: dict[str, Any], kind: str, code: str | None = None, undoes: UUID | None = None) -> Wish:
    return Wish(uuid4(), kind, UUID(unit["id"]), unit["version"], code, undoes=undoes)


def look(case: Case, by: User, item: str, ms: int = 700) -> None:
    """Unveil an item, as the page tells of it."""
    found = Item.objects.get(public_id=item)
    row = Viewing.objects.create(user=by, content=found.content, case=case)
    Viewing.objects.filter(pk=row.pk).update(revealed_ms=ms)


@pytest.fixture
def worked(case: Case, dana: User, milo: User, sam: User) -> Case:
    """Twelve pictures, two of which lie there twice: looked at, decided, unsure, taken back, superseded, published."""
    contents = material.pictures(case, dana, [f"p{n}" for n in range(12)])
    second = factories.exhibit(case, "NM-02")
    with transaction.atomic(), states.changing([content.pk for content in contents[:2]]):
        for content in contents[:2]:
            factories.file(second, content, f"copy of {content.pk}.jpg")
    batch = review.claim(case=case, by=dana)
    units = tiles.units(batch, limit=12)
    for unit in units[:4]:
        look(case, dana, unit["item"])
    look(case, milo, units[0]["item"])  # a second person: shown already
    look(case, dana, units[5]["item"], ms=0)  # sent, not unveiled
    acts.act(batch=batch, by=dana, wishes=[wish(unit, "decide", "1") for unit in units[:6]])
    back = wish(units[6], "decide", "2")
    acts.act(batch=batch, by=dana, wishes=[back, wish(units[7], "unsure")])
    again = units[6] | {"version": units[6]["version"] + 1}
    acts.act(batch=batch, by=dana, wishes=[wish(again, "undo", undoes=back.key)])
    ending.close(batch=batch, by=dana)
    of_one = Item.objects.get(public_id=units[1]["item"]).content
    decisions.decide_content(case=case, content=of_one, code="5", by=milo, via="page", reason="seen again", viewed=True)
    offer = Offer.objects.filter(state="draft").exclude(decided_by=sam).order_by("pk")[0]
    publishing.approve(offers=[offer.public_id], by=sam)
    return case


def test_every_count_is_what_a_count_by_hand_gives(worked: Case) -> None:
    found, items = counts.of(worked), Item.objects.filter(case=worked)
    standing = Standing.objects.filter(decision__case=worked, code__isnull=False)
    by_code = {row["code"]: row["n"] for row in standing.values("code").annotate(n=Count("pk"))}
    by_basis = {row["decision__basis"]: row["n"] for row in standing.values("decision__basis").annotate(n=Count("pk"))}
    assert found.by_key("code") == by_code == {"1": 5, "5": 1}
    assert found.by_key("decided") == by_basis == {"veiled": 2, "viewed": 4}
    assert found.total("stacks") == Stack.objects.filter(case=worked, state="open").count() == 5
    assert found.by_key("items") == {"open": 5, "unsure": 1}
    assert found.views_left == items.filter(state__in=["open", "unsure"]).values("stack").distinct().count() == 6
    unveiled = Viewing.objects.filter(case=worked, revealed_ms__gt=0).values("content").distinct()
    assert found.total("shown") == unveiled.count() == 4
    tally = Tally.objects.filter(case=worked, exhibit=None, state="decided").aggregate(n=Sum("files"))["n"]
    assert found["files", ""] == tally == 8  # six items, two of which lie there twice
    assert found.total("published") == Offer.objects.filter(case=worked, state="published").count() == 1
    assert checks.broken(worked.pk, only=4) == []


def test_folding_leaves_one_row_a_day_and_changes_no_count(worked: Case) -> None:
    before = counts.of(worked).of
    assert counts.fold() > 0
    assert counts.of(worked).of == before
    rows = DayCount.objects.filter(case=worked)
    assert rows.filter(folded=False).count() == 0
    assert rows.count() == rows.values("day", "what", "key").distinct().count()
    Stack.objects.filter(case=worked, state="open").update(position=1)  # no stack opens or closes
    assert counts.fold() == 0


def test_what_is_undone_is_taken_from_the_day_it_was_made_on(worked: Case) -> None:
    days = counts.by_day([worked.pk], ["decided"], counts.today(worked.agency_id))
    assert {day: one.looks for day, one in days.items()} == {counts.today(worked.agency_id): 6}
    made = Decision.objects.filter(case=worked, code__isnull=False).count()
    assert made == 8  # one was undone, one superseded another


def test_a_damaged_count_is_seen(worked: Case) -> None:
    DayCount.objects.filter(what="stacks").update(n=9)
    [broken] = checks.broken(worked.pk, only=4)
    assert "a recount 5" in broken.what


def test_a_large_case_is_counted_by_a_task_and_a_small_one_on_the_page(
    worked: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known.where(worked).at is None
    assert known.due() == []
    monkeypatch.setattr(known, "LIVE", 3)
    assert known.where(worked).rows is None
    assert known.due() == [worked.pk]
    known.keep(worked.pk)
    assert known.due() == []
    assert known.where(worked).rows == []
    KnownIn.objects.update(known=7, took_ms=0)  # as if a set came since
    assert known.due() == [worked.pk]
