"""What keys do: deciding, marking, taking back, and what happens when two people are at it."""

from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import acts, ending, investigations, publishing, review, tiles
from cases.errors import BatchOver, NothingLeft
from cases.models import Batch, Case, Decision, Item, Offer, SecondOpinion, Stack, Standing, Tally, Viewing
from cases.units import Wish
from tests.cases import material
from workbench import audit
from workbench.models import AuditEvent, AuditLog, User

pytestmark = pytest.mark.django_db


def wish(unit: dict[str, object], kind: str = "decide", code: str | None = "1", **more: object) -> Wish:
    version = unit["version"]
    assert isinstance(version, int)
    return Wish(uuid4(), kind, UUID(str(unit["id"])), version, code if kind == "decide" else None, **more)  # type: ignore[arg-type]


def counts(case: Case) -> dict[str, int]:
    rows = Tally.objects.filter(case=case, exhibit=None).values_list("state", "items")
    return {state: items for state, items in rows if items}


def test_a_batch_holds_what_is_open_and_a_second_person_gets_the_rest(case: Case, dana: User, milo: User) -> None:
    material.pictures(case, dana, [f"p{n}" for n in range(250)])
    mine, theirs = review.claim(case=case, by=dana), review.claim(case=case, by=milo)
    assert (mine.size, theirs.size) == (200, 50)
    assert review.claim(case=case, by=dana) == mine


def test_nothing_left_says_so(case: Case, dana: User) -> None:
    with pytest.raises(NothingLeft):
        review.claim(case=case, by=dana)
    assert not Batch.objects.exists()


def test_a_decision_leaves_the_queue_and_is_one_event(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a", "b", "c"])
    batch = review.claim(case=case, by=dana)
    first = tiles.units(batch)[0]
    [answer] = acts.act(batch=batch, by=dana, wishes=[wish(first)])
    assert (answer["status"], answer["code"], answer["version"], answer["files"]) == ("saved", "1", 2, 1)
    assert counts(case) == {"decided": 1, "open": 2}
    decision = Decision.objects.get()
    assert decision.basis == "veiled"
    [event] = AuditEvent.objects.filter(subject=f"decision:{decision.public_id}")
    assert bytes(decision.content.sha256).hex() in event.body
    assert audit.verify(AuditLog.objects.get(agency=case.agency)).ok


def test_a_decision_follows_exact_copies_into_other_cases(case: Case, dana: User) -> None:
    other = investigations.create(number="26-2", name="Millrace", scheme_id="landscapes-t1", by=dana)
    material.pictures(case, dana, ["a", "b"])
    material.pictures(other, dana, ["a", "z"])
    batch = review.claim(case=case, by=dana)
    acts.act(batch=batch, by=dana, wishes=[wish(unit) for unit in tiles.units(batch)])
    assert counts(other) == {"decided": 1, "open": 1}


def test_an_act_sent_twice_is_carried_out_once(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    once = wish(tiles.units(batch)[0])
    acts.act(batch=batch, by=dana, wishes=[once])
    [again] = acts.act(batch=batch, by=dana, wishes=[once])
    assert again["status"] == "repeat"
    assert again["code"] == "1"
    assert Decision.objects.count() == 1


def test_a_stale_version_writes_nothing(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    Stack.objects.update(version=5)
    unit = tiles.units(batch)[0] | {"version": 4}
    [answer] = acts.act(batch=batch, by=dana, wishes=[wish(unit)])
    assert answer["status"] == "stale"
    assert not Decision.objects.exists()


def test_an_unknown_category_is_refused_in_words(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    [answer] = acts.act(batch=batch, by=dana, wishes=[wish(tiles.units(batch)[0], code="9")])
    assert answer["status"] == "refused"
    assert answer["message"]


def test_undo_takes_several_steps_back(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a", "b"])
    batch = review.claim(case=case, by=dana)
    one, two = tiles.units(batch)
    first, second = wish(one), wish(two, code="2")
    acts.act(batch=batch, by=dana, wishes=[first, second])
    undo = [
        Wish(uuid4(), "undo", second.stack, 2, undoes=second.key),
        Wish(uuid4(), "undo", first.stack, 2, undoes=first.key),
    ]
    answers = acts.act(batch=batch, by=dana, wishes=undo)
    assert [answer["status"] for answer in answers] == ["saved", "saved"]
    assert counts(case) == {"open": 2}
    assert Decision.objects.filter(code=None).count() == 2
    [again] = acts.act(batch=batch, by=dana, wishes=[Wish(uuid4(), "redo", first.stack, 3, undoes=first.key)])
    assert (again["status"], again["code"]) == ("saved", "1")
    assert counts(case) == {"decided": 1, "open": 1}


def test_deciding_again_supersedes_and_undo_restores_the_earlier_category(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a"])
    batch = review.claim(case=case, by=dana)
    unit = tiles.units(batch)[0]
    second = wish(unit | {"version": 2}, code="2")
    acts.act(batch=batch, by=dana, wishes=[wish(unit), second])
    assert Standing.objects.get().code == "2"
    acts.act(batch=batch, by=dana, wishes=[Wish(uuid4(), "undo", second.stack, 3, undoes=second.key)])
    assert Standing.objects.get().code == "1"


def test_unsure_leaves_the_queue_skip_goes_to_its_end_and_both_can_be_undone(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a", "b"])
    batch = review.claim(case=case, by=dana)
    one, two = tiles.units(batch)
    unsure, skip = wish(one, "unsure"), wish(two, "skip")
    acts.act(batch=batch, by=dana, wishes=[unsure, skip])
    assert counts(case) == {"unsure": 1, "open": 1}
    assert [unit["outcome"] for unit in tiles.units(batch)] == ["unsure", "skipped"]
    assert Stack.objects.get(public_id=skip.stack).sort_key.startswith("~")
    undo = [Wish(uuid4(), "undo", act.stack, 2, undoes=act.key) for act in (unsure, skip)]
    acts.act(batch=batch, by=dana, wishes=undo)
    assert counts(case) == {"open": 2}
    assert not Stack.objects.filter(sort_key__startswith="~").exists()


def test_the_later_of_two_people_is_kept_as_a_second_opinion(case: Case, dana: User, milo: User) -> None:
    other = investigations.create(number="26-2", name="Millrace", scheme_id="landscapes-t1", by=milo)
    material.pictures(case, dana, ["a"])
    material.pictures(other, dana, ["a"])
    mine, theirs = review.claim(case=case, by=dana), review.claim(case=other, by=milo)
    acts.act(batch=theirs, by=milo, wishes=[wish(tiles.units(theirs)[0], code="2")])
    [answer] = acts.act(batch=mine, by=dana, wishes=[wish(tiles.units(mine)[0], code="1")])
    assert (answer["status"], answer["code"]) == ("conflict", "2")
    assert SecondOpinion.objects.get().code == "1"
    assert Standing.objects.get().code == "2"
    assert counts(case) == {"decided": 1}


def test_closing_a_batch_gives_the_rest_back(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a", "b"])
    batch = review.claim(case=case, by=dana)
    acts.act(batch=batch, by=dana, wishes=[wish(tiles.units(batch)[0])])
    assert ending.close(batch=batch, by=dana)["decided"] == 1
    batch.refresh_from_db()
    with pytest.raises(BatchOver):
        acts.act(batch=batch, by=dana, wishes=[])
    assert review.claim(case=case, by=dana).size == 1


def test_only_what_was_unveiled_is_offered(case: Case, dana: User) -> None:
    contents = material.pictures(case, dana, ["a", "b"])
    batch = review.claim(case=case, by=dana)
    Viewing.objects.create(user=dana, content=contents[0], case=case, batch=batch, revealed_ms=400)
    acts.act(batch=batch, by=dana, wishes=[wish(unit) for unit in tiles.units(batch)])
    assert [offer.decision.content for offer in Offer.objects.all()] == [contents[0]]
    assert publishing.offer_case(case=case, by=dana).held == {"not viewed": 1}


def test_many_decisions_take_as_many_queries_as_one(case: Case, dana: User) -> None:
    material.pictures(case, dana, [f"p{n}" for n in range(61)])
    batch = review.claim(case=case, by=dana)
    units = tiles.units(batch, limit=200)
    with CaptureQueriesContext(connection) as one:
        acts.act(batch=batch, by=dana, wishes=[wish(units[0])])
    with CaptureQueriesContext(connection) as sixty:
        acts.act(batch=batch, by=dana, wishes=[wish(unit) for unit in units[1:]])
    assert len(one) == len(sixty) == 16
    assert Item.objects.filter(state="decided").count() == 61


def test_who_leaves_the_team_and_a_case_that_closes_give_their_batches_back(case: Case, dana: User, milo: User) -> None:
    material.pictures(case, dana, ["a"])
    held = review.claim(case=case, by=milo)
    investigations.remove_member(case=case, person=milo, by=dana)
    held.refresh_from_db()
    assert held.state == "released"
    mine = review.claim(case=case, by=dana)
    assert mine.size == 1
    investigations.close(case=case, by=dana, reason="done")
    mine.refresh_from_db()
    with pytest.raises(BatchOver):
        acts.act(batch=mine, by=dana, wishes=[])
