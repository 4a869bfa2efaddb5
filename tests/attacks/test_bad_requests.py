"""What Django itself refuses is answered in our shape: neutral words and a number, JSON for scripts."""

import re

import pytest
from django.test import Client

from tests import factories
from tests.people import signed_in
from workbench.models import User
from workbench.views.errors import headed

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


@pytest.mark.parametrize(
    ("method", "address", "allow"),
    [
        ("POST", "/cases/", {"GET"}),
        ("GET", "/account/language/", {"POST"}),
        ("DELETE", "/hashsets/lookup/", {"GET", "POST"}),
        ("PUT", "/hashsets/", {"GET"}),
        ("GET", "/api/v1/screen-time", {"POST"}),
        ("POST", "/media/7e0c9f3e-0000-4000-8000-000000000000/clear", {"GET"}),
    ],
)
def test_a_method_that_an_address_does_not_take_is_refused_in_words_that_say_which_it_takes(
    dana: User, method: str, address: str, allow: set[str]
) -> None:
    answer = signed_in(dana).generic(method, address)
    assert (answer.status_code, set(answer["Allow"].split(", "))) == (405, allow)
    if address.startswith(("/api/", "/media/")):
        assert answer.json()["error"]["code"] == "wrong-method"
    else:
        assert "This address does not take such a request</h1>" in answer.content.decode()


def test_every_error_page_has_a_title_and_a_heading_of_its_own(dana: User) -> None:
    client = signed_in(dana)
    pages = [client.get("/nowhere"), client.get("/oversight/"), client.post("/cases/"), client.get("/publish/?tab=x")]
    heads = []
    for page in pages:
        [title] = re.findall(r"<title>(.*?) · Winnow</title>", page.content.decode())
        assert re.findall(r"<h1[^>]*>(.*?)</h1>", page.content.decode()) == [title]
        heads.append((page.status_code, title))
    assert heads[:3] == [
        (404, "There is nothing here that you may see"),
        (403, "This needs the role Supervisor"),
        (405, "This address does not take such a request"),
    ]
    assert heads[3][1].startswith("tab must be one of")
    assert headed("Case N. 4 is closed. Open it again.") == ("Case N. 4 is closed", "Open it again.")
    assert headed("Version 1.2 is kept") == ("Version 1.2 is kept", "")


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
