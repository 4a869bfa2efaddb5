"""What promises most comes first in its order: beside a hit, by its camera, near what sets hold, of one's own make."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from cases import acts, ending, review, tasks, tiles
from cases.models import Case, Item, Match, Metadata, Weighing
from cases.queue import promise
from hashsets.models import Entry
from tests import factories
from tests.cases import material
from tests.cases.queue.test_claiming import names
from tests.cases.test_acts import wish
from tests.cases.test_matching import entry, own_set, sync
from tests.hashsets import makers
from workbench.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def pictures(case: Case) -> dict[str, Item]:
    """A folder in which something will be found, another, a camera that was there, and one that was not."""
    exhibit = factories.exhibit(case)
    paths = [
        "trip/hit.jpg",
        "trip/beside.jpg",
        "other/camera.jpg",
        "other/own.jpg",
        "other/near.jpg",
        "other/plain.jpg",
    ]
    made = {path.split("/")[1][:-4]: factories.item(exhibit, path, path) for path in paths}
    for name, model in (("hit", "EOS 5D"), ("camera", "eos 5d"), ("own", "T1")):
        Metadata.objects.create(content=made[name].content, make="Canon", model=model)
    Item.objects.filter(case=case).update(state="waiting")
    Item.objects.filter(case=case).update(state="open")
    return made


def decide(case: Case, by: User, name: str, code: str) -> None:
    batch = review.claim(case=case, by=by)
    unit = next(unit for unit in tiles.units(batch) if unit["name"] == f"{name}.jpg")
    acts.act(batch=batch, by=by, wishes=[wish(unit, code=code)])
    ending.close(batch=batch, by=by)


def promises(case: Case) -> dict[str, int]:
    open_items = Item.objects.filter(case=case, state="open")
    rows = open_items.values_list("content__fileinstance__raw_path", "promise")
    return {bytes(path).decode().split("/")[1][:-4]: score for path, score in rows}


def test_a_decision_lifts_its_folder_and_its_camera(case: Case, dana: User, pictures: dict[str, Item]) -> None:
    decide(case, dana, "hit", "1")
    assert Weighing.objects.get(case=case).due
    tasks.weigh_case(case.pk)
    assert promises(case) == {"beside": 22, "camera": 30, "own": 10, "near": 0, "plain": 0}
    assert names(review.claim(case=case, by=dana, order="promise")) == ["camera", "beside", "own", "near", "plain"]
    assert promise.weigh(case.pk) == 0


def test_what_is_harmless_lifts_nothing(case: Case, dana: User, pictures: dict[str, Item]) -> None:
    decide(case, dana, "hit", "5")
    promise.weigh(case.pk)
    assert promises(case) == {"beside": 0, "camera": 10, "own": 10, "near": 0, "plain": 0}


def test_what_resembles_a_known_picture_is_lifted_until_it_does_no_more(
    case: Case, dana: User, pictures: dict[str, Item]
) -> None:
    known = factories.hash_set(case.agency)
    like = Entry.objects.create(
        id=1,
        public_id=uuid4(),
        set=known,
        ident=bytes(16),
        md5=bytes(16),
        code="1",
        disposition="relevant",
        added_in=1,
        size=1,
    )
    match = Match.objects.create(
        content=pictures["near"].content, set=known, entry=like.id, kind="pdq", strong=False, distance=9, found_in=1
    )
    promise.weigh(case.pk)
    assert promises(case)["near"] == 25
    Match.objects.filter(pk=match.pk).update(lost_in=2)
    assert promise.weigh(case.pk) == 1
    assert promises(case)["near"] == 0


def test_a_case_that_took_long_is_left_alone_for_longer(case: Case) -> None:
    promise.note([case.pk])
    assert promise.due() == [case.pk]
    promise.weigh(case.pk)
    assert promise.due() == []
    Weighing.objects.filter(case=case).update(took_ms=60_000, weighed_at=datetime.now(UTC))
    promise.note([case.pk])
    assert promise.due() == []
    Weighing.objects.filter(case=case).update(weighed_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert promise.due() == [case.pk]


def test_what_a_set_turns_out_to_know_lifts_its_folder_and_is_weighed_for(case: Case, dana: User, sam: User) -> None:
    material.pictures(case, dana, ["a", "b", "c", "d"])  # all in one folder
    sync()
    promise.weigh(case.pk)
    makers.publish(own_set(case), entry("a"), by=sam)
    sync()
    assert Weighing.objects.get(case=case).due
    assert promise.weigh(case.pk) == 3
    found = Item.objects.filter(case=case, state="open").values_list("promise", flat=True)
    assert set(found) == {11}  # a quarter of 45
