"""In which language somebody reads, and what stays English whoever asks."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import translation

from tests.people import People, signed_in
from tests.scripts import Script
from workbench import audit
from workbench.errors import BadInput, NotAllowed
from workbench.models import AuditEvent, User
from workbench.translating import catalogs
from workbench.words import digits, noop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("german")]


@pytest.mark.parametrize(
    ("asked", "lang", "word"),
    [
        ("de-AT,en;q=0.5", "de", "Anmelden"),
        ("fr,en;q=0.5", "en", "Sign in"),  # not offered: the next one that is
        ("", "en", "Sign in"),
        ("ar-xb", "en", "Sign in"),  # the language of the tests is offered by no installation
    ],
)
def test_before_the_sign_in_the_browser_says_which_language(asked: str, lang: str, word: str) -> None:
    page = Client().get("/signin/", secure=True, headers={"accept-language": asked, "host": "localhost"})
    assert f'<html lang="{lang}"' in page.content.decode()
    assert word in page.content.decode()
    assert page.headers["Content-Language"] == lang


def test_a_choice_is_kept_at_the_server_goes_before_the_browser_and_is_an_event(people: People) -> None:
    client = signed_in(people.investigator)
    answer = client.post("/account/language/", {"language": "de"}, secure=True, follow=True)
    assert "Seiten erscheinen von jetzt an in dieser Sprache." in answer.content.decode()
    page = signed_in(people.investigator).get("/account/", secure=True, headers={"accept-language": "en"})
    assert '<html lang="de" dir="ltr"' in page.content.decode()
    assert "/static/words/de." in page.content.decode()
    event = _last(people)
    assert (event["verb"], event["details"]) == (audit.LANGUAGE_CHOSEN, {"before": "browser", "after": "de"})
    client.post("/account/language/", {"language": "de"}, secure=True)
    assert _last(people)["seq"] == event["seq"]  # the same again is no event


def test_a_language_that_is_not_offered_is_refused(people: People) -> None:
    answer = signed_in(people.investigator).post("/account/language/", {"language": "xx"}, secure=True)
    assert answer.status_code == 400
    assert User.objects.get(pk=people.investigator.pk).language == ""


def test_a_choice_that_is_no_longer_offered_falls_back_to_the_browser(people: People) -> None:
    User.objects.filter(pk=people.investigator.pk).update(language="xx")
    page = signed_in(people.investigator).get("/account/", secure=True, headers={"accept-language": "de"})
    assert '<html lang="de"' in page.content.decode()


def test_the_public_api_answers_in_english(people: People) -> None:
    User.objects.filter(pk=people.investigator.pk).update(language="de")
    status, told = Script(people.investigator).get(f"cases/{uuid4()}", HTTP_ACCEPT_LANGUAGE="de")
    assert (status, told["error"]["message"]) == (404, "There is nothing here that you may see.")


def test_the_log_keeps_a_refusal_in_english_while_the_person_reads_it_in_german(people: People) -> None:
    User.objects.filter(pk=people.exporter.pk).update(language="de")
    page = signed_in(people.exporter).get("/cases/new/", secure=True)
    assert "Dies erfordert die Rolle" in page.content.decode()
    reason = _last(people)["reason"]
    assert reason.startswith("This needs the role Investigator")
    assert reason.isascii()


def test_an_error_is_told_in_the_persons_language_and_kept_in_english() -> None:
    with translation.override("de"):
        error = BadInput(noop("The scheme %(name)s has these codes: %(codes)s."), name="T1", codes="1, 2")
        assert str(error) == "Das Schema T1 hat diese Codes: 1, 2."
        assert error.english == "The scheme T1 has these codes: 1, 2."
        assert str(NotAllowed()).startswith("Ihre Rolle umfasst dies nicht.")
        assert NotAllowed().english == "Your role does not include this. Ask a supervisor of your agency."


def test_numbers_follow_the_language() -> None:
    with translation.override("de"):
        assert (digits(1234567), digits(1234.5, 1)) == ("1.234.567", "1.234,5")
    with translation.override("en"):
        assert (digits(1234567), digits(1234.5, 1)) == ("1,234,567", "1,234.5")


def test_catalogs_of_earlier_texts_go_when_new_ones_are_written(tmp_path: Path) -> None:
    given = catalogs.read("de")
    catalogs.write(given, "de", tmp_path)
    message = given.get("Undo")
    assert message is not None
    message.string = "Zurücknehmen"
    catalogs.write(given, "de", tmp_path)
    (script,) = (tmp_path / "static" / "words").glob("de.*.js")
    assert '"Undo":"Zurücknehmen"' in script.read_text(encoding="utf-8")


def _last(people: People) -> dict[str, Any]:
    event = AuditEvent.objects.filter(log__agency=people.north).order_by("-seq")[0]
    body: dict[str, Any] = json.loads(event.body)
    return body | {"verb": event.verb, "seq": event.seq}
