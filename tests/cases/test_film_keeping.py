"""What is kept of films beside decisions: marks without one, how loud they are, how long they were played."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.test import Client

from cases import ending, events, loudness, review, tiles
from cases.care import record, state
from cases.demo import clips
from cases.errors import NotAFilm, NotHeld
from cases.models import Batch, Case, Decision, Item, KeptMoment, Listening, Loudness, SecondView, Viewing
from cases.second import queue
from tests.cases import material
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db
LOUD = clips.scenes(("alpine", "coastal"), 7, 3, tone=440)  # 6 s
MOMENT = {"from_ms": 1200, "until_ms": 2500}


@pytest.fixture
def film(case: Case, dana: User) -> Item:
    return material.film(case, dana, LOUD, milliseconds=6000)


@pytest.fixture
def batch(film: Item, dana: User) -> Batch:
    return review.claim(case=film.case, by=dana)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client


def post(by: User, batch: Batch, *sent: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    path = f"/api/v1/batches/{batch.public_id}/decisions"
    answer = client_of(by).post(path, json.dumps({"acts": list(sent), **more}), content_type="application/json")
    assert answer.status_code == 200, answer.content
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def mark(item: Item, unit: str, moment: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "key": str(uuid4()), "act": "mark", "stack": unit, "version": 0, "item": str(item.public_id), "moment": moment
    }  # fmt: skip


def unit_of(batch: Batch, item: Item) -> dict[str, Any]:
    units = queue.units(batch) if batch.kind == Batch.Kind.SECOND else tiles.units(batch)
    return next(unit for unit in units if unit["item"] == str(item.public_id))


def told(verb: str) -> list[dict[str, Any]]:
    return [json.loads(event.body)["details"] for event in AuditEvent.objects.filter(verb=verb).order_by("pk")]


def test_a_mark_is_kept_for_its_person_until_he_takes_it_away(film: Item, batch: Batch, dana: User, milo: User) -> None:
    stack = unit_of(batch, film)["id"]
    sent = mark(film, stack, MOMENT)
    post(dana, batch, mark(film, stack, {"from_ms": 1200}), sent)
    post(dana, batch, sent)  # the answer was lost
    assert unit_of(batch, film)["moment"] == MOMENT
    assert told(events.MOMENT_MARKED) == [{"moment": MOMENT}]

    act = {
        "key": str(uuid4()),
        "act": "decide",
        "stack": stack,
        "version": unit_of(batch, film)["version"],
        "code": "1",
    }
    post(dana, batch, act)  # decided without it: the mark is none of this decision
    assert (Decision.objects.get().from_ms, unit_of(batch, film)["moment"]) == (None, None)
    undo = {"key": str(uuid4()), "act": "undo", "stack": stack, "version": unit_of(batch, film)["version"]}
    post(dana, batch, undo | {"undoes": act["key"]})
    ending.close(batch=batch, by=dana)
    theirs = review.claim(case=film.case, by=milo)
    assert unit_of(theirs, film)["moment"] is None  # it is Dana's alone
    ending.close(batch=theirs, by=milo)
    again = review.claim(case=film.case, by=dana)
    assert unit_of(again, film)["moment"] == MOMENT
    post(dana, again, mark(film, unit_of(again, film)["id"], None))
    assert (unit_of(again, film)["moment"], told(events.MOMENT_MARKED)[1:]) == (None, [{}])


def test_a_second_viewer_keeps_his_own_mark_too(film: Item, dana: User, milo: User) -> None:
    KeptMoment.objects.create(by=dana, item=film, from_ms=777)
    SecondView.objects.create(case=film.case, item=film, content=film.content, why="unsure", not_for=[dana.pk])
    Item.objects.filter(pk=film.pk).update(state="unsure")
    second = queue.claim(case=film.case, by=milo)
    assert unit_of(second, film)["moment"] is None
    post(milo, second, mark(film, unit_of(second, film)["id"], MOMENT))
    assert unit_of(second, film)["moment"] == MOMENT


def test_only_a_film_that_is_held_can_be_marked(film: Item, batch: Batch, dana: User) -> None:
    picture = Item.objects.exclude(pk=film.pk).get()
    stack = unit_of(batch, film)["id"]
    [of_picture] = post(dana, batch, mark(picture, stack, MOMENT))
    assert (of_picture["status"], of_picture["message"]) == ("refused", str(NotAFilm()))
    film.stack.lease_until = None
    film.stack.save()
    [not_held] = post(dana, batch, mark(film, stack, MOMENT))
    assert (not_held["status"], KeptMoment.objects.count()) == ("stale", 0)


def test_how_loud_a_film_is_is_measured_once_and_told_to_who_may_look(
    film: Item, batch: Batch, dana: User, milo: User
) -> None:
    found: dict[str, Any] = {"over": False}
    while not found["over"]:
        found = client_of(dana).get(f"/media/{film.public_id}/loudness").json()
    assert (found["part_ms"], found["parts"], len(found["peaks"]), found["words"]) == (100, 60, 60, "")
    assert min(found["peaks"][5:-5]) > 60  # of a tone at a tenth: 255 * sqrt(0.1)
    assert max(found["peaks"]) < 140
    kept = Loudness.objects.get()
    film.content.sha256 = b"\0" * 32  # whatever is asked now, the bytes are not
    assert loudness.more(item=film, by=dana) == found
    assert bytes(kept.peaks) == bytes(found["peaks"])
    with pytest.raises(NotHeld):
        loudness.more(item=film, by=milo)
    assert not Listening.objects.exists()
    assert not Viewing.objects.exists()


@pytest.mark.parametrize(("peaks", "words"), [(b"\x00\x04", "silent from beginning to end"), (b"\x00\x05", "")])
def test_a_film_in_which_nothing_is_heard_is_called_silent(
    film: Item, batch: Batch, dana: User, peaks: bytes, words: str
) -> None:
    Loudness.objects.create(content=film.content, peaks=peaks, over=True)
    assert loudness.more(item=film, by=dana)["words"] == words


def test_a_film_without_a_track_of_sound_says_so(case: Case, dana: User) -> None:
    silent = material.film(case, dana, clips.scenes(("alpine",), 7, 1), milliseconds=1000)
    review.claim(case=case, by=dana)
    found = loudness.more(item=silent, by=dana)
    assert (found["peaks"], found["over"], found["words"]) == ([], True, "A film without sound.")


def test_the_own_record_tells_pictures_films_and_sounds_apart_and_counts_each_once(
    film: Item, batch: Batch, dana: User, milo: User
) -> None:
    about = {"user": dana, "content": film.content, "case": film.case, "batch": batch}
    ago = {"at": Now() - timedelta(minutes=1)}
    for row, ms in (
        (Viewing.objects.create(**about, **ago), 400),
        (Viewing.objects.create(**about, **ago), 0),  # sent and never unveiled
        (Viewing.objects.create(**about, **ago, from_ms=0, until_ms=900), 500),
        (Listening.objects.create(**about, **ago, from_ms=0, until_ms=900), 300),
    ):
        looks = [{"token": str(row.token), "revealed_ms": ms}]
        post(dana, batch, viewings=looks * 2)  # told twice
    now = state.of(dana)
    kinds = {one.id: (one.ms, one.number) for one in record.kinds_of(dana, now)}
    assert kinds == {"picture": (400, 1), "play": (500, 1), "listen": (300, 1)}
    assert sum(one.revealed_ms for one in record.days(dana, now.zone)) == 900  # sound is no look
    assert all(one.ms == 0 for one in record.kinds_of(milo, state.of(milo)))
    assert "Sound heard, picture off" in client_of(dana).get("/viewing/").content.decode()
