"""Acts sent twice, at once, under one key; decisions replaced after they were published."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from cases import acts, publishing, review, tiles
from cases.models import Act, Batch, Case, Decision, Item, Offer, Viewing
from cases.units import Wish
from tests.cases import material
from tests.people import signed_in
from workbench import checks
from workbench.errors import BadInput
from workbench.models import User

PATIENCE = 30  # seconds


def decide(unit: dict[str, Any], code: str = "1", key: UUID | None = None, version: int = 0) -> Wish:
    return Wish(key or uuid4(), "decide", UUID(str(unit["id"])), version or unit["version"], code)


def at_once(number: int, work: Callable[[], Any]) -> list[Any]:
    """What `work` answers in so many threads that start together, each with a connection of its own."""
    gate, answers = threading.Barrier(number), list[Any]()

    def run() -> None:
        try:
            gate.wait(PATIENCE)
            answers.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return answers


def looked_and_decided(batch: Batch, by: User, code: str = "1") -> tuple[dict[str, Any], Wish]:
    unit = tiles.units(batch)[0]
    content = Item.objects.get(public_id=unit["item"]).content
    Viewing.objects.create(user=by, content=content, case=batch.case, batch=batch, revealed_ms=900)
    wish = decide(unit, code)
    assert acts.act(batch=batch, by=by, wishes=[wish])[0]["status"] == "saved"
    return unit, wish


@pytest.mark.django_db(transaction=True)
def test_one_act_sent_by_eight_threads_at_once_is_saved_once_and_a_repeat_for_the_others(
    case: Case, dana: User
) -> None:
    material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    wish = decide(tiles.units(batch)[0])
    answers = at_once(8, lambda: acts.act(batch=Batch.objects.get(pk=batch.pk), by=dana, wishes=[wish])[0])
    assert sorted(answer["status"] for answer in answers) == ["repeat"] * 7 + ["saved"]
    assert {answer["code"] for answer in answers} == {"1"}
    assert Decision.objects.count() == Act.objects.count() == 1
    assert checks.broken() == []


@pytest.mark.django_db(transaction=True)
def test_of_ten_claims_at_once_each_person_gets_one_batch_and_no_stack_is_in_two(
    case: Case, dana: User, milo: User
) -> None:
    material.pictures(case, dana, [f"p{n}" for n in range(300)])
    claims = [dana, milo] * 5
    got = at_once(10, lambda: review.claim(case=case, by=claims.pop()).pk)
    assert len(got) == 10
    assert len(set(got)) == Batch.objects.count() == 2
    assert sum(Batch.objects.values_list("size", flat=True)) == 300
    assert checks.broken() == []


@pytest.mark.django_db
def test_two_acts_under_one_key_are_refused_and_nothing_is_written(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a", "b"])
    batch = review.claim(case=case, by=dana)
    one, two = tiles.units(batch)
    key = uuid4()
    with pytest.raises(BadInput):
        acts.act(batch=batch, by=dana, wishes=[decide(one, key=key), decide(two, "2", key=key)])
    assert not Decision.objects.exists()
    twice = decide(one, key=key)
    answers = acts.act(batch=batch, by=dana, wishes=[twice, twice])
    assert [answer["status"] for answer in answers] == ["saved", "saved"]
    assert Decision.objects.count() == 1


@pytest.mark.django_db
def test_deciding_again_returns_ones_own_draft(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    unit, _first = looked_and_decided(batch, dana)
    acts.act(batch=batch, by=dana, wishes=[decide(unit, "2", version=2)])
    assert list(Offer.objects.order_by("pk").values_list("state", flat=True)) == ["returned", "draft"]
    assert checks.broken() == []


@pytest.mark.django_db
def test_deciding_again_what_is_published_asks_for_its_withdrawal(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    unit, _first = looked_and_decided(batch, dana)
    offer = Offer.objects.get()
    publishing.approve(offers=[offer.public_id], by=sam)
    acts.act(batch=batch, by=dana, wishes=[decide(unit, "4", version=2)])  # 4 is never published
    offer.refresh_from_db()
    assert (offer.state, offer.withdrawn_by) == (Offer.State.WITHDRAWAL, dana)
    assert checks.broken() == []


@pytest.mark.django_db(transaction=True)
def test_a_decision_that_is_being_approved_cannot_be_taken_back_meanwhile(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    unit, first = looked_and_decided(batch, dana)
    undo = Wish(uuid4(), "undo", UUID(str(unit["id"])), 2, undoes=first.key)
    answers: list[Any] = []

    def take_back() -> None:
        try:
            answers.extend(acts.act(batch=Batch.objects.get(pk=batch.pk), by=dana, wishes=[undo]))
        finally:
            connection.close()

    thread = threading.Thread(target=take_back)
    with transaction.atomic():
        publishing.approve(offers=[Offer.objects.get().public_id], by=sam)
        thread.start()
        thread.join(2)  # it waits for us, or has not seen us
    thread.join(PATIENCE)
    assert [answer["status"] for answer in answers] == ["refused"]
    assert Offer.objects.get().state == Offer.State.PUBLISHED
    assert Decision.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["limit=0", "after=4294967296", "after=2147483648&limit=0"])
def test_a_page_of_no_units_at_all_is_an_answer_and_no_fault(case: Case, dana: User, query: str) -> None:
    material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    for what in ("units", "veils"):
        path = f"/api/v1/batches/{batch.public_id}/{what}?{query}"
        assert signed_in(dana).get(path, secure=True).status_code == 200
