"""What Django itself refuses is answered in our shape: neutral words and a number, JSON for scripts."""

import re

import pytest
from django.test import Client

from tests import factories
from tests.people import signed_in
from workbench.models import User

pytestmark = pytest.mark.django_db
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MUCH = "a=" + "x" * (3 << 20)
MANY = "&".join(f"f{n}=1" for n in range(2000))
NO_PARTS = "multipart/form-data"  # without its boundary


@pytest.mark.parametrize(
    ("address", "body", "kind", "status"),
    [
        ("/account/language/", MUCH, FORM, 413),  # a form of the shell
        ("/hashsets/lookup/", MUCH, FORM, 413),  # one of the sets
        ("/viewing/break/", MUCH, FORM, 413),  # one of the cases
        ("/account/language/", MANY, FORM, 400),
        ("/account/language/", "x", NO_PARTS, 400),
        ("/viewing/break/", "x", NO_PARTS, 400),
        ("/api/v1/screen-time", MUCH, JSON, 413),  # what our scripts call
        ("/api/v1/screen-time", "x", NO_PARTS, 400),
        ("/media/7e0c9f3e-0000-4000-8000-000000000000/clear", MANY, FORM, 400),
    ],
)
def test_what_cannot_be_read_is_answered_with_words_and_a_number(
    dana: User, address: str, body: str, kind: str, status: int
) -> None:
    answer = signed_in(dana).post(address, body, content_type=kind)
    text = answer.content.decode()
    assert (answer.status_code, bool(re.search(r"\b[0-9a-f]{12}\b", text))) == (status, True)
    if address.startswith(("/api/", "/media/")):
        assert answer.json()["error"]["code"] == {400: "bad-input", 413: "too-much"}[status]
    else:
        assert ("class=" in text, "Traceback" in text, "boundary" in text) == (True, False, False)


def test_a_call_by_token_is_answered_as_json(dana: User) -> None:
    client = Client(headers={"host": "localhost", "authorization": f"Bearer {factories.token(dana)}"})
    for body, kind in ((MUCH, JSON), (MUCH, FORM)):
        answer = client.post("/api/v1/lookup", body, content_type=kind)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-large")


@pytest.mark.parametrize("address", ["/", "/api/v1/screen-time", "/static/none", "/nowhere"])
def test_a_host_that_is_not_ours_gets_our_answer_too(address: str) -> None:
    answer = Client().get(address, headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert re.search(r"\b[0-9a-f]{12}\b", answer.content.decode())
    assert "evil.example" not in answer.content.decode()
