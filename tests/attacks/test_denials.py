"""Whoever is refused something that is there leaves an event, and learns nothing from it."""

import json
from uuid import uuid4

import pytest
from django.http import HttpResponse

from cases import decisions
from cases.errors import AnotherPersonNeeded, NotHeld
from cases.models import Case, Item, Offer
from tests.cases import material
from tests.cases.test_matching import own_set
from tests.people import signed_in
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def denials() -> list[tuple[str, str, str]]:
    """(who, code, what was asked for) of every denial."""
    found = AuditEvent.objects.filter(verb="access.denied").order_by("pk").values_list("actor", "body")
    bodies = [(actor, json.loads(body)) for actor, body in found]
    assert {body["outcome"] for _, body in bodies} <= {"refused"}
    return [(actor, body["details"]["code"], body["details"]["asked"]) for actor, body in bodies]


def get(user: User, path: str) -> HttpResponse:
    return signed_in(user).get(path, secure=True)  # type: ignore[return-value]


def test_a_case_of_somebody_else_looks_like_none_and_the_log_tells_them_apart(case: Case, ines: User) -> None:
    answers = [get(ines, f"/cases/{number}/") for number in (case.public_id, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert b"There is nothing here that you may see" in answers[0].content
    assert denials() == [("ines", "not-found", f"case:{case.public_id}")]


def test_a_clear_picture_outside_the_batch_is_a_denial(case: Case, dana: User) -> None:
    material.pictures(case, dana, ["a"])
    item = Item.objects.get()
    assert get(dana, f"/media/{item.public_id}/clear").status_code == NotHeld.status
    assert denials() == [("dana", "not-held", f"item:{item.public_id}")]


def test_approving_what_one_decided_is_a_denial(case: Case, sam: User) -> None:
    (content,) = material.pictures(case, sam, ["a"])
    own_set(case)
    decisions.decide_content(case=case, content=content, code="1", by=sam, via="test", viewed=True)
    step = {"act": "approve", "offer": [str(Offer.objects.get().public_id)]}
    assert signed_in(sam).post("/publish/act/", step, secure=True).status_code == AnotherPersonNeeded.status
    assert denials() == [("sam", "another-person-needed", "")]
