"""Notes on items: kept once, with proof in the log, read by those who may, and never lost in silence."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from cases import ending, investigations, notes, review, tiles
from cases.answering import MOST_ACTS
from cases.errors import BatchOver
from cases.models import Act, Batch, Case, Item, Note
from cases.notes import Wanted
from tests import factories
from tests.cases import material
from tests.people import signed_in
from workbench.errors import BadInput
from workbench.models import Agency, AuditEvent, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(northmoor: Agency) -> User:
    return factories.person(northmoor, "dana", Role.INVESTIGATOR)


@pytest.fixture
def milo(northmoor: Agency) -> User:
    return factories.person(northmoor, "milo", Role.INVESTIGATOR)


@pytest.fixture
def case(dana: User, milo: User) -> Case:
    made = investigations.create(number="26-9", name="Quay", scheme_id="landscapes-t1", by=dana, team=[milo])
    material.pictures(made, dana, ["a", "b"])
    return made


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    return review.claim(case=case, by=dana)


def sent(batch: Batch, text: str, *, place: int = 0, key: UUID | None = None, **changed: Any) -> dict[str, Any]:
    """What the server answers to a note that the outbox sends on a unit of the batch."""
    unit = tiles.units(batch)[place]
    act = {"key": str(key or uuid4()), "act": "note", "stack": unit["id"], "version": 1, "item": unit["item"]}
    answer = signed_in(batch.user).post(
        reverse("cases:api_decisions", args=[batch.public_id]),
        {"acts": [act | {"text": text} | changed]}, "application/json", secure=True,
    )  # fmt: skip
    told: dict[str, Any] = answer.json()
    return told["results"][0] if answer.status_code == 200 else told


def read(item: Item, by: User) -> list[str]:
    return [note["text"] for note in notes.of(item, by)]


def item_of(batch: Batch, place: int = 0) -> Item:
    return Item.objects.get(public_id=tiles.units(batch)[place]["item"])


def test_a_note_sent_twice_is_kept_once_and_the_log_proves_it_without_its_words(batch: Batch, milo: User) -> None:
    key, version = uuid4(), tiles.units(batch)[0]["version"]
    assert sent(batch, "  boat at the pier ", key=key)["status"] == "saved"
    assert sent(batch, "boat at the pier", key=key)["status"] == "repeat"
    [note] = Note.objects.all()
    assert (note.text, note.act.kind, note.by) == ("boat at the pier", "note", batch.user)
    assert tiles.units(batch)[0]["version"] == version  # no decision goes stale by it
    [event] = AuditEvent.objects.filter(verb="item.note")
    assert event.subject == f"item:{note.item.public_id}"
    assert json.loads(event.body)["details"]["characters"] == 16
    assert "pier" not in event.body
    assert read(note.item, milo) == ["boat at the pier"]
    page = signed_in(milo).get(reverse("cases:item", args=[note.item.public_id]), secure=True).content.decode()
    assert "boat at the pier" in page


def test_in_force_is_the_newest_of_each_person_and_an_empty_one_takes_it_back(batch: Batch, milo: User) -> None:
    item, case = item_of(batch), batch.case
    sent(batch, "first")
    sent(batch, "second")
    assert read(item, milo) == ["second"]
    ending.close(batch=batch, by=batch.user)
    theirs = review.claim(case=case, by=milo)
    place = [unit["item"] for unit in tiles.units(theirs)].index(str(item.public_id))
    sent(theirs, "third", place=place)
    assert read(item, batch.user) == ["third", "second"]
    sent(theirs, "", place=place)
    assert read(item, batch.user) == ["second"]
    assert Note.objects.count() == 4


def test_no_more_notes_are_sent_at_once_than_other_acts(batch: Batch) -> None:
    unit = tiles.units(batch)[0]
    many = [Wanted(uuid4(), UUID(unit["id"]), UUID(unit["item"]), "x") for _ in range(MOST_ACTS + 1)]
    with pytest.raises(BadInput):
        notes.keep(batch=batch, by=batch.user, wanted=many)
    assert not Note.objects.exists()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("two\nlines", "saved"),
        ("a\u00a0space", "saved"),
        ("نص عربي", "saved"),
        ("x" * 1000, "saved"),
        ("x" * 1001, "refused"),
        ("bell \x07", "refused"),
        ("nul \x00", "refused"),
        ("turned \u202egpj", "refused"),
        ("zero\u200bwidth", "refused"),
    ],
)
def test_a_note_is_plain_text_of_bounded_length(batch: Batch, text: str, status: str) -> None:
    answer = sent(batch, text)
    assert answer["status"] == status
    assert bool(answer["message"]) == (status == "refused")
    assert Note.objects.count() == Act.objects.filter(kind="note").count() == (status == "saved")


def test_what_the_batch_does_not_hold_gets_no_note_and_no_other_act_has_words(batch: Batch) -> None:
    assert sent(batch, "elsewhere", item=str(uuid4()))["status"] == "stale"
    assert sent(batch, "words", act="decide", code="1")["error"]["code"] == "bad-input"
    place = tiles.units(batch)[0]
    ending.close(batch=batch, by=batch.user)
    late = Wanted(uuid4(), UUID(place["id"]), UUID(place["item"]), "too late")
    with pytest.raises(BatchOver):
        notes.keep(batch=batch, by=batch.user, wanted=[late])
    assert Note.objects.count() == 0


def test_the_tables_refuse_to_change_a_note(batch: Batch) -> None:
    sent(batch, "kept")
    with pytest.raises(DatabaseError), transaction.atomic():
        Note.objects.update(text="other")
    with pytest.raises(DatabaseError), transaction.atomic():
        Note.objects.all().delete()
    assert notes.keep(batch=batch, by=batch.user, wanted=list[Wanted]()) == []
