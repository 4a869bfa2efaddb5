"""How long pictures were unveiled and batches on screen: running totals, kept though the acts are refused."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.test import Client

from cases import ending, review, tiles
from cases.models import Batch, Case, Item, Viewing
from tests.cases import material
from workbench.models import User

pytestmark = pytest.mark.django_db
LONG_AGO = Now() - timedelta(hours=1)


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    """Opened an hour ago."""
    material.pictures(case, dana, ["a", "b"])
    held = review.claim(case=case, by=dana)
    Batch.objects.update(opened_at=LONG_AGO)
    return held


def sent(to: User, batch: Batch | None = None) -> Viewing:
    """A clear picture that was sent to a person an hour ago."""
    item = Item.objects.select_related("content", "case").first()
    assert item is not None
    return Viewing.objects.create(user=to, content=item.content, case=item.case, batch=batch, at=LONG_AGO)


def post(by: User, path: str, body: dict[str, Any]) -> int:
    """Send JSON; the answer's status."""
    client = Client()
    client.force_login(by, backend="workbench.people.PasswordBackend")
    return client.post(path, json.dumps(body), content_type="application/json").status_code


def look(viewing: Viewing, ms: int) -> dict[str, Any]:
    return {"token": str(viewing.token), "revealed_ms": ms}


def of(viewing: Viewing) -> int | None:
    viewing.refresh_from_db()
    return viewing.revealed_ms


def test_of_a_picture_that_is_told_of_twice_the_longer_time_counts(dana: User, batch: Batch) -> None:
    seen = sent(dana, batch)
    address = f"/api/v1/batches/{batch.public_id}/decisions"
    for looks in ([look(seen, 900), look(seen, 200)], [look(seen, 300)]):
        assert post(dana, address, {"acts": [], "viewings": looks}) == 200
        assert of(seen) == 900


def test_enlarged_time_is_kept_beside_and_is_never_longer_than_the_look(dana: User, batch: Batch) -> None:
    seen = sent(dana, batch)
    address = f"/api/v1/batches/{batch.public_id}/decisions"
    for revealed, enlarged, kept in ((900, 0, None), (900, 400, 400), (1200, 300, 400), (1200, 5000, 1200)):
        told = look(seen, revealed) | {"enlarged_ms": enlarged}
        assert post(dana, address, {"acts": [], "viewings": [told]}) == 200
        assert (of(seen), seen.enlarged_ms) == (revealed, kept)


def test_a_report_sent_again_does_not_lengthen_the_time_on_screen(dana: User, batch: Batch) -> None:
    address = f"/api/v1/batches/{batch.public_id}/decisions"
    for total in (5000, 5000, 8000, 2000):
        post(dana, address, {"acts": [], "on_screen_ms": total})
    batch.refresh_from_db()
    assert batch.on_screen_ms == 8000
    client = Client()
    client.force_login(dana, backend="workbench.people.PasswordBackend")
    assert client.get(f"/api/v1/batches/{batch.public_id}").json()["on_screen_ms"] == 8000


@pytest.mark.parametrize(("kind", "over", "status"), [("decide", True, 409), ("dance", False, 400)])
def test_a_look_is_kept_though_the_acts_beside_it_are_refused(
    dana: User, batch: Batch, kind: str, over: bool, status: int
) -> None:
    seen, unit = sent(dana, batch), tiles.units(batch)[0]
    if over:
        ending.close(batch=batch, by=dana)
    act = {"key": str(uuid4()), "act": kind, "stack": unit["id"], "version": 1, "code": "1"}
    body = {"acts": [act | {"viewings": [look(seen, 700)]}], "on_screen_ms": 4000}
    assert post(dana, f"/api/v1/batches/{batch.public_id}/decisions", body) == status
    assert of(seen) == 700
    batch.refresh_from_db()
    assert batch.on_screen_ms == 4000


def test_outside_a_batch_a_person_tells_of_his_own_looks_and_of_nobody_elses(
    batch: Batch, dana: User, sam: User
) -> None:
    mine, theirs = sent(sam), sent(dana, batch)
    body = {"viewings": [look(mine, 1500), look(theirs, 1500)]}
    assert post(sam, "/api/v1/viewings", body) == 200
    assert (of(mine), of(theirs)) == (1500, None)


def test_nobody_looked_longer_than_the_picture_was_there(sam: User, batch: Batch) -> None:
    seen = sent(sam)
    post(sam, "/api/v1/viewings", {"viewings": [look(seen, 80_000_000)]})
    told = of(seen)
    assert told is not None
    assert 3_600_000 <= told < 3_700_000
