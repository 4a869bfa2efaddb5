"""Films: pieces are sent to who holds the item, each with its row; a moment of it belongs to the decision."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from cases import ending, events, film_files, known_frames, playing, review, storyboards, tiles
from cases.demo import clips
from cases.models import Batch, Case, Content, Decision, Item, Keyframe, Listening, SecondOpinion, SecondView, Viewing
from cases.moments import Moment
from cases.second import acts as second_acts
from cases.second import queue, ruling
from cases.storyboards import Frame
from cases.units import Wish
from tests.cases import material
from tests.cases.test_matching import sync
from tests.hashsets import makers
from tests.hashsets.lists import document, load
from tests.hashsets.test_near_index import pdq, with_pdq
from workbench import storage
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db
FILM = clips.scenes(("alpine", "coastal"), 7, 3)  # 6 s


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client


@pytest.fixture
def film(case: Case, dana: User) -> Item:
    return material.film(case, dana, FILM, milliseconds=6000)


@pytest.fixture
def batch(film: Item, dana: User) -> Batch:
    return review.claim(case=film.case, by=dana)


def address(item: Item, what: str = "clip?from=0&speed=2") -> str:
    return f"/media/{item.public_id}/{what}"


def told(body: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """What an answer says of its piece, and the parts that follow."""
    parts = []
    while body:
        size = int.from_bytes(body[:4], "big")
        parts.append(body[4 : 4 + size])
        body = body[4 + size :]
    return json.loads(parts[0]), parts[1:]


def unit_of(batch: Batch, item: Item) -> dict[str, Any]:
    return next(unit for unit in tiles.units(batch) if unit["item"] == str(item.public_id))


def post(by: User, batch: Batch, *sent: dict[str, Any]) -> list[dict[str, Any]]:
    body = {"acts": list(sent)}
    path = f"/api/v1/batches/{batch.public_id}/decisions"
    answer = client_of(by).post(path, json.dumps(body), content_type="application/json")
    assert answer.status_code == 200, answer.content
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def act(unit: dict[str, Any], kind: str = "decide", **more: Any) -> dict[str, Any]:
    code = {"code": "1"} if kind == "decide" else {}
    return {"key": str(uuid4()), "act": kind, "stack": unit["id"], "version": unit["version"]} | code | more


def test_each_piece_of_a_clip_is_a_look_and_told_when_the_batch_ends(film: Item, batch: Batch, dana: User) -> None:
    client, rows = client_of(dana), 0
    at: int | None = 0
    while at is not None:
        answer = client.get(address(film, f"clip?from={at}&speed=2"))
        piece, pictures = told(answer.content)
        assert all(picture.startswith(b"\xff\xd8\xff") for picture in pictures if picture)
        assert (answer["Cache-Control"], answer["Content-Type"]) == ("no-store, private", "application/octet-stream")
        rows += 1
        row = Viewing.objects.get(token=answer["X-Viewing"])
        assert (row.user, row.batch, row.content_id, row.from_ms) == (dana, batch, film.content_id, at)
        at = piece["next"]
    assert Viewing.objects.count() == rows
    looks = {"acts": [], "viewings": [{"token": str(row.token), "revealed_ms": 1}]}
    client.post(f"/api/v1/batches/{batch.public_id}/decisions", json.dumps(looks), content_type="application/json")
    ending.close(batch=batch, by=dana)
    [event] = AuditEvent.objects.filter(verb=events.PLAYED)
    said = json.loads(event.body)
    assert event.subject == f"item:{film.public_id}"
    assert said["details"] == {"ms": 1, "pieces": rows, "from_ms": 0, "until_ms": row.until_ms, "batch": batch.number}


def test_a_film_without_sound_says_so_and_leaves_no_row(film: Item, batch: Batch, dana: User) -> None:
    answer = client_of(dana).get(address(film, "sound"))
    piece, _parts = told(answer.content)
    assert (piece["reason"], piece["next"]) == ("A film without sound.", None)
    assert "X-Viewing" not in answer
    assert not Listening.objects.exists()


def test_sound_is_no_look_but_decides_what_has_only_sound(film: Item, batch: Batch, dana: User) -> None:
    for kind, basis in (("video", "veiled"), ("audio", "viewed")):
        Content.objects.filter(pk=film.content_id).update(kind=kind)
        heard = Listening.objects.create(
            user=dana, content=film.content, case=film.case, batch=batch, from_ms=0, until_ms=900
        )
        looks = [{"token": str(heard.token), "revealed_ms": 1}]
        post(dana, batch, act(unit_of(batch, film), viewings=looks))
        heard.refresh_from_db()
        assert heard.heard_ms == 1
        assert Decision.objects.latest("pk").basis == basis
    ending.close(batch=batch, by=dana)
    assert AuditEvent.objects.filter(verb=events.HEARD).count() == 1


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("clip?from=-1", 400, "bad-input"),
        ("clip?from=9999999999", 400, "bad-input"),
        ("clip?speed=3", 400, "bad-input"),
        ("sound?from=x", 400, "bad-input"),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    film: Item, batch: Batch, dana: User, path: str, status: int, code: str
) -> None:
    answer = client_of(dana).get(address(film, path))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_who_does_not_hold_the_film_gets_nothing_of_it_and_a_picture_is_no_film(
    film: Item, batch: Batch, dana: User, milo: User
) -> None:
    picture = Item.objects.exclude(pk=film.pk).get()
    for by, item, code in ((milo, film, "not-held"), (dana, picture, "not-a-film")):
        for what in ("clip", "sound"):
            answer = client_of(by).get(address(item, what))
            assert answer.json()["error"]["code"] == code
    opened = client_of(dana).get(address(film), headers={"Sec-Fetch-Dest": "document"})
    assert opened.status_code == 403
    assert not Viewing.objects.exists()


def test_outside_a_batch_each_piece_is_an_event_at_once(film: Item, sam: User) -> None:
    answer = client_of(sam).get(address(film))
    [event] = AuditEvent.objects.filter(verb=events.PLAYED)
    assert json.loads(event.body)["details"]["viewing"] == answer["X-Viewing"]


def test_a_film_whose_bytes_are_lost_says_so(film: Item, batch: Batch, dana: User) -> None:
    storage.blob_path(film.case.agency, bytes(film.content.sha256)).unlink()
    piece, _row = playing.clip(item=film, by=dana, start=0, speed=2)
    assert (piece.is_empty, playing.words(piece) != "") == (True, True)


def test_a_moment_is_part_of_the_decision_of_its_event_and_of_what_undo_goes_back_to(
    film: Item, batch: Batch, dana: User
) -> None:
    first = act(unit_of(batch, film))
    post(dana, batch, first)
    marked = act(unit_of(batch, film), moment={"from_ms": 1200, "until_ms": 2500})
    [answer] = post(dana, batch, marked)
    assert answer["moment"] == {"from_ms": 1200, "until_ms": 2500}
    assert unit_of(batch, film)["moment"] == answer["moment"]
    decision = Decision.objects.latest("pk")
    [event] = AuditEvent.objects.filter(subject=f"decision:{decision.public_id}")
    assert json.loads(event.body)["details"]["moment"] == answer["moment"]
    assert "0:01–0:02" in client_of(dana).get(f"/items/{film.public_id}/").content.decode()

    post(dana, batch, act(unit_of(batch, film), "undo", undoes=marked["key"]))
    assert (unit_of(batch, film)["moment"], unit_of(batch, film)["code"]) == (None, "1")
    again = act(unit_of(batch, film), "redo", undoes=marked["key"])
    post(dana, batch, again)
    assert unit_of(batch, film)["moment"] == answer["moment"]
    post(dana, batch, act(unit_of(batch, film), code="2"))
    last = Decision.objects.latest("pk")
    assert (last.code, last.from_ms) == ("2", None)
    post(dana, batch, act(unit_of(batch, film), "undo", undoes=str(last.act.idempotency_key)))
    restored = Decision.objects.latest("pk")
    assert (restored.code, restored.from_ms, restored.until_ms) == ("1", 1200, 2500)


@pytest.mark.parametrize(
    "moment", [{"from_ms": -1}, {"from_ms": 5, "until_ms": 4}, {"from_ms": 2**31}, {"until_ms": 4}]
)
def test_a_moment_that_makes_no_sense_is_refused(film: Item, batch: Batch, dana: User, moment: dict[str, int]) -> None:
    body = {"acts": [act(unit_of(batch, film), moment=moment)]}
    path = f"/api/v1/batches/{batch.public_id}/decisions"
    assert client_of(dana).post(path, json.dumps(body), content_type="application/json").status_code == 400
    assert not Decision.objects.exists()


def test_a_picture_has_no_moments(film: Item, batch: Batch, dana: User) -> None:
    picture = Item.objects.exclude(pk=film.pk).get()
    [answer] = post(dana, batch, act(unit_of(batch, picture), moment={"from_ms": 0}))
    assert answer["status"] == "refused"


def test_each_side_of_a_ruling_has_its_moment_and_a_blind_viewer_none(
    film: Item, batch: Batch, dana: User, milo: User, sam: User
) -> None:
    post(dana, batch, act(unit_of(batch, film), moment={"from_ms": 1_234_567, "until_ms": 2_469_133}))
    ending.close(batch=batch, by=dana)
    SecondView.objects.create(
        case=film.case,
        item=film,
        content=film.content,
        decision=Decision.objects.get(),
        why="sample",
        not_for=[dana.pk],
    )
    second = queue.claim(case=film.case, by=milo)
    [unit] = queue.units(second)
    assert unit["moment"] is None
    held = f"/api/v1/second-views/{unit['id']}"
    for text in (json.dumps(unit), client_of(milo).get(held).content.decode(), _page(milo, film)):
        assert not [secret for secret in ("1234567", "2469133", "20:34–41:09") if secret in text]
    given = Wish(uuid4(), "decide", UUID(unit["id"]), unit["version"], "2", moment=Moment(4000))
    [answer] = second_acts.act(batch=second, by=milo, wishes=[given])
    assert queue.units(second)[0]["moment"] == {"from_ms": 4000, "until_ms": None}
    undone = Wish(uuid4(), "undo", UUID(unit["id"]), answer["version"], undoes=given.key)
    [answer] = second_acts.act(batch=second, by=milo, wishes=[undone])
    assert queue.units(second)[0]["moment"] is None
    redone = Wish(uuid4(), "redo", UUID(unit["id"]), answer["version"], undoes=given.key)
    second_acts.act(batch=second, by=milo, wishes=[redone])
    ending.close(batch=second, by=milo)
    opinion = SecondOpinion.objects.get()
    assert (opinion.code, opinion.from_ms, opinion.until_ms) == ("2", 4000, None)
    shown = ruling.show(opinion.disagreement)
    assert {side.code: side.moment for side in shown.sides} == {"1": "20:34–41:09", "2": "0:04"}
    page = client_of(sam).get(f"/ruling/{opinion.disagreement.public_id}/").content.decode()
    assert all(f"marked at {side.moment}" in page for side in shown.sides)


def _page(by: User, item: Item) -> str:
    return client_of(by).get(f"/items/{item.public_id}/").content.decode()


def frame(number: int, bits: int | None, *, scene: bool = False) -> Frame:
    """One whose hash differs in so many bits from that of all zeros; None: it has no hash."""
    value = None if bits is None else ((1 << bits) - 1).to_bytes(32, "big")
    return Frame(number, 8000 * number, scene, 0, value, b"")


@pytest.mark.parametrize(
    ("bits", "scenes", "apart", "under"),
    [
        ([0, 4, 16, 17, 20], {0}, set(), [None, 0, 0, None, 3]),  # as near as one look decides, to the first
        ([0, 0, 0], {0, 1}, set(), [None, None, 1]),  # another scene begins anew
        ([0, None, 0], {0}, set(), [None, None, None]),  # a frame without a hash resembles nothing
        ([0, 0, 0, 0], {0}, {1}, [None, None, None, 2]),  # what is near known material stands alone
    ],
)
def test_frames_lie_under_the_first_of_their_scene_that_one_look_decides(
    bits: list[int | None], scenes: set[int], apart: set[int], under: list[int | None]
) -> None:
    frames = [frame(number, one, scene=number in scenes) for number, one in enumerate(bits)]
    assert storyboards.heads(frames, apart, 16) == under


def test_frames_near_known_material_are_marked_for_the_first_look_only(
    film: Item, batch: Batch, dana: User, sam: User, tmp_path: Path
) -> None:
    for number, value in enumerate((pdq(1, 4), pdq(2, 40))):
        Keyframe.objects.create(
            content=film.content, number=number, at_ms=8000 * number, veil=b"v", offset=0, length=1, pdq=value
        )
    load(makers.hash_set(sam, "Tern", scheme="us-pvic"), document(tmp_path, with_pdq(1), with_pdq(2)), by=sam)
    sync()
    frames = client_of(dana).get(address(film, "frames")).json()["frames"]
    assert [one["known"] for one in frames] == [{"set": "Tern", "version": 1, "distance": 4}, None]
    SecondView.objects.create(case=film.case, item=film, content=film.content, why="sample", had_by=[dana.pk])
    owed = client_of(dana).get(address(film, "frames")).json()["frames"]
    assert [one["known"] for one in owed] == [None, None]  # neither in a first batch of what one owes a second view
    assert known_frames.of(sam.agency_id, [None]) == {}
    assert storyboards.of(film, tell_known=False)["frames"][0]["known"] is None


def test_a_film_too_large_to_be_copied_from_where_it_was_left_is_not_played(
    film: Item, batch: Batch, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film_files, "MOST_COPIED", 10)
    storage.blob_path(film.case.agency, bytes(film.content.sha256)).unlink()
    answer = client_of(dana).get(address(film))
    assert answer.json()["error"]["code"] == "too-large-to-play"
