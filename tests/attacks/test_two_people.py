"""Two people, even for somebody who writes to the tables himself as the application's role."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from cases import decisions, publishing, viewing
from cases.models import Act, Case, Decision, Item, Offer, SecondOpinion
from cases.offers import Outcome
from tests.cases import material
from tests.cases.test_matching import own_set
from workbench import storage
from workbench.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer(case: Case, dana: User, sam: User) -> Offer:
    """A draft by Dana, who decided; Milo and Sam are other people."""
    (content,) = material.pictures(case, dana, ["a"])
    own_set(case)
    decisions.decide_content(case=case, content=content, code="1", by=dana, via="test", viewed=True)
    return Offer.objects.get()


def refused(sql: str, by: type[DatabaseError] = IntegrityError) -> None:
    with pytest.raises(by), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'published'",  # nobody approved it
        "state = 'withdrawn'",
        "state = 'withdrawal', approved_by_id = %(sam)s",  # nobody asked for it
        "state = 'withdrawn', approved_by_id = %(sam)s, withdrawn_by_id = %(dana)s",  # nobody confirmed it
        "state = 'withdrawn', approved_by_id = %(sam)s, withdrawn_by_id = %(dana)s, confirmed_by_id = %(dana)s",
        "state = 'published', approved_by_id = %(dana)s",
    ],
)
def test_no_offer_is_out_or_back_by_one_person_alone(offer: Offer, dana: User, sam: User, change: str) -> None:
    refused(f"UPDATE cases_offer SET {change % {'dana': dana.pk, 'sam': sam.pk}}")


@pytest.mark.parametrize("column", ["decision_id", "decided_by_id", "offered_by_id", "set_id", "case_id", "public_id"])
def test_what_an_offer_is_and_whose_never_changes(offer: Offer, column: str) -> None:
    refused(f"UPDATE cases_offer SET {column} = {column}", by=ProgrammingError)


def test_an_offer_names_the_person_who_decided(offer: Offer, dana: User, sam: User) -> None:
    (content,) = material.pictures(offer.case, dana, ["b"], ref="NM-02")
    decisions.decide_content(case=offer.case, content=content, code="1", by=dana, via="test")  # not looked at: no offer
    forged = Offer(decision=Decision.objects.get(content=content), set=offer.set, agency=offer.agency, case=offer.case)
    forged.decided_by = forged.offered_by = sam
    with pytest.raises(IntegrityError, match="offer_names_who_decided"), transaction.atomic():
        forged.save()


def test_a_second_opinion_is_by_another_than_the_one_who_decided(offer: Offer, dana: User, sam: User) -> None:
    forged = SecondOpinion(
        decision=offer.decision, act=Act.objects.latest("pk"), by=dana, by_name="Dana", decided_by=sam, code="2"
    )
    with pytest.raises(IntegrityError, match="opinion_names_who_decided"), transaction.atomic():
        forged.save()


def test_the_road_out_and_back_is_open_to_two_people(offer: Offer, dana: User, sam: User, milo: User) -> None:
    road: list[Callable[[], Outcome]] = [
        lambda: publishing.approve(offers=[offer.public_id], by=sam),
        lambda: publishing.ask_withdrawal(offers=[offer.public_id], by=milo, reason="the wrong lake"),
        lambda: publishing.settle(act="approve", offers=[offer.public_id], by=sam),
    ]
    assert [step().done for step in road] == [1, 1, 1]
    assert Offer.objects.get().state == "withdrawn"


def test_who_looked_at_what_never_changes(case: Case, dana: User, sam: User, monkeypatch: pytest.MonkeyPatch) -> None:
    material.pictures(case, dana, ["a"])
    monkeypatch.setattr(storage, "preview", lambda _agency, _digest: b"jpeg")
    viewing.clear(item=Item.objects.select_related("content", "case__agency").get(), by=sam)
    for column in ("user_id", "content_id", "case_id", "batch_id", "token", "at"):
        refused(f"UPDATE cases_viewing SET {column} = {column}", by=ProgrammingError)
