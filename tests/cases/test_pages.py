"""Every page of a case answers, shows what it should, and keeps its number of queries."""

import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import review, tiles
from cases.models import Batch, Case, Item, Offer, Viewing
from tests import factories
from tests.cases import material
from workbench.models import User

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client


@pytest.fixture
def batch(case: Case, dana: User) -> Batch:
    material.pictures(case, dana, [f"p{n}" for n in range(70)])
    return review.claim(case=case, by=dana)


def test_pages_answer(case: Case, dana: User, batch: Batch) -> None:
    client = signed_in(dana)
    item = Item.objects.first()
    assert item is not None
    for path in (
        "/", "/cases/", "/cases/new/", f"/cases/{case.public_id}/", f"/cases/{case.public_id}/items/",
        f"/cases/{case.public_id}/items/?state=open", f"/items/{item.public_id}/", f"/batches/{batch.public_id}/",
        "/publish/", "/publish/?tab=published", f"/publish/?case={case.public_id}",
    ):  # fmt: skip
        assert client.get(path).status_code == 200, path


def test_an_item_is_shown_with_every_place_where_it_was_found(case: Case, dana: User, batch: Batch) -> None:
    item = Item.objects.select_related("content").first()
    assert item is not None
    factories.file(factories.exhibit(case, "NM-77"), item.content, "DCIM/100/one more.jpg")
    page = signed_in(dana).get(f"/items/{item.public_id}/").content.decode()
    assert "NM-77" in page
    assert "DCIM/100/one more.jpg" in page


def test_a_case_is_opened_on_its_page(dana: User, milo: User) -> None:
    form = {"number": "26-7", "name": "Quay", "scheme": "landscapes-t1", "team": [str(milo.public_id)]}
    answer = signed_in(dana).post("/cases/new/", form)
    made = Case.objects.get(number="26-7")
    assert answer["Location"] == f"/cases/{made.public_id}/"
    assert made.members.count() == 2
    assert signed_in(dana).post("/cases/new/", form).status_code == 400


def test_reviewing_through_the_api(case: Case, dana: User, batch: Batch) -> None:
    client, base = signed_in(dana), f"/api/v1/batches/{batch.public_id}"
    first = client.get(f"{base}/units?limit=60").json()
    assert (len(first["units"]), first["next"]) == (60, 60)
    rest = client.get(f"{base}/units?after=60&limit=60").json()
    assert (len(rest["units"]), rest["next"]) == (10, None)
    unit = first["units"][0]
    veils = client.get(f"{base}/veils?limit=2").content
    assert veils == (b"\0\0\0\4veil") * 2
    assert client.get(f"/api/v1/stacks/{unit['id']}").json()["name"] == unit["name"]
    act = {"key": str(uuid4()), "act": "decide", "stack": unit["id"], "version": unit["version"], "code": "1"}
    body = json.dumps({"acts": [act], "on_screen_ms": 1000})
    answer = client.post(f"{base}/decisions", body, content_type="application/json").json()
    assert ([one["status"] for one in answer["results"]], list(answer)) == (["saved"], ["results"])
    head = client.get(base).json()
    assert (head["size"], head["decided"]) == (70, 1)
    summary = client.post(f"{base}/close").json()
    assert (summary["decided"], summary["case"]) == (1, {"left": 69})


DEEP = '{"acts": ' + "[" * 100_000


@pytest.mark.parametrize("body", ["", "{", "[]", '{"acts": 1}', '{"acts": [], "more": 1}', b'{"acts": "\xff"}', DEEP])
def test_a_body_that_does_not_fit_is_refused_in_words(dana: User, batch: Batch, body: str | bytes) -> None:
    answer = signed_in(dana).post(f"/api/v1/batches/{batch.public_id}/decisions", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad-input"


def test_units_cost_as_many_queries_for_sixty_as_for_one(dana: User, batch: Batch) -> None:
    client, address = signed_in(dana), f"/api/v1/batches/{batch.public_id}/units"
    with CaptureQueriesContext(connection) as one:
        client.get(f"{address}?limit=1")
    with CaptureQueriesContext(connection) as sixty:
        client.get(f"{address}?limit=60")
    assert len(one) == len(sixty) == 6


def test_a_clear_picture_needs_the_batch_that_holds_it(case: Case, dana: User, milo: User, batch: Batch) -> None:
    item = Item.objects.first()
    assert item is not None
    refused = signed_in(milo).get(f"/media/{item.public_id}/clear")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not-held")
    as_page = signed_in(dana).get(f"/media/{item.public_id}/veil", headers={"Sec-Fetch-Dest": "document"})
    assert as_page.status_code == 403
    veil = signed_in(dana).get(f"/media/{item.public_id}/veil")
    assert veil["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in veil["Cache-Control"]


def test_a_supervisor_approves_on_the_publish_page(case: Case, dana: User, sam: User, batch: Batch) -> None:
    content = Item.objects.order_by("pk")[0].content
    Viewing.objects.create(user=dana, content=content, case=case, batch=batch, revealed_ms=10)
    unit = tiles.units(batch, limit=1)[0]
    act = {"key": str(uuid4()), "act": "decide", "stack": unit["id"], "version": 1, "code": "1"}
    client = signed_in(dana)
    client.post(
        f"/api/v1/batches/{batch.public_id}/decisions", json.dumps({"acts": [act]}), content_type="application/json"
    )
    offer = Offer.objects.get()
    form = {"act": "approve", "offer": [str(offer.public_id)]}
    assert client.post("/publish/act/", form).status_code == 403
    assert signed_in(sam).get("/publish/").status_code == 200
    answer = signed_in(sam).post("/publish/act/", form, follow=True)
    assert "1 hash signed." in answer.content.decode()
    offer.refresh_from_db()
    assert offer.state == "published"
