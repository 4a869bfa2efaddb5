"""Tokens: made by a person for his scripts, never more than he may, ended at once, told in the log."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from tests import factories
from tests.people import People, signed_in
from tests.scripts import Script, code, told
from workbench import checks, tokens
from workbench import people as people_of_the_node
from workbench.errors import BadInput
from workbench.models import ApiToken, AuditEvent, User

PASSWORD = "a-lantern-on-the-pier"
CASES = "/api/v1/cases"


def events(verb: str) -> list[dict[str, Any]]:
    return [json.loads(event.body) for event in AuditEvent.objects.filter(verb=verb).order_by("seq")]


def called(text: str, path: str = CASES) -> tuple[int, dict[str, Any]]:
    return told(Client(headers={"authorization": text}).get(path, secure=True))


@pytest.fixture
def dana(people: People) -> User:
    return factories.person(people.north, "dana", password=PASSWORD)


def made_on_page(user: User, **changed: str) -> Any:
    sent = {"name": "nightly list", "scope": "read", "days": "30", "password": PASSWORD} | changed
    fields = {f"token-{name}": value for name, value in sent.items()}
    return signed_in(user).post(reverse("workbench:tokens"), fields, secure=True)


def test_a_token_made_on_the_account_page_is_shown_once_and_works(dana: User) -> None:
    shown = made_on_page(dana).content.decode()
    (text,) = re.findall(r'value="(winnow_[\w-]{43})"', shown)
    assert called(f"Bearer {text}")[0] == 200
    again = signed_in(dana).get(reverse("workbench:account"), secure=True).content.decode()
    assert "nightly list" in again
    assert "winnow_" not in again
    (event,) = events("token.make")
    assert event["details"] == {"name": "nightly list", "scope": "read", "days": 30}
    assert text not in json.dumps(events("token.make") + events("token.use"))
    assert text.encode() not in bytes(ApiToken.objects.values_list("digest", flat=True)[0])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        # nobody makes one at somebody's unlocked desk
        ({"password": "not-my-password-at-all"}, "not your present password"),
        # no longer than a year
        ({"days": "400"}, "Select a valid choice"),
        ({"scope": "admin"}, "Select a valid choice"),
        ({"name": "  "}, "This field is required"),
    ],
)
def test_of_a_token_asked_for_wrongly_none_is_made(dana: User, changed: dict[str, str], says: str) -> None:
    answer = made_on_page(dana, **changed)
    assert (answer.status_code, says in answer.content.decode()) == (400, True)
    assert not ApiToken.objects.exists()


def test_a_person_has_twenty_tokens_at_most_and_a_revoked_one_makes_room(dana: User) -> None:
    made = [tokens.make(name="one of many", days=365, scope="read", by=dana)[0] for _ in range(tokens.MOST)]
    assert "20 tokens already" in made_on_page(dana).content.decode()
    tokens.revoke(made[0], by=dana)
    assert made_on_page(dana).status_code == 200


def test_of_a_time_beyond_a_year_the_domain_makes_none_either(dana: User) -> None:
    for days in (0, 366):
        with pytest.raises(BadInput):
            tokens.make(name="for ever", days=days, scope="read", by=dana)


def test_a_revoked_token_is_refused_at_once_and_its_use_is_an_event_once_a_day(dana: User) -> None:
    script = Script(dana)
    assert script.get("cases")[0] == 200
    token = ApiToken.objects.get()
    answer = signed_in(dana).post(reverse("workbench:token_revoke", args=[token.public_id]), secure=True)
    assert answer.status_code == 302
    for _try in range(3):
        assert code(script.get("cases")) == (401, "token-needed")
    (revoked,), (refused,) = events("token.revoke"), events("token.refuse")
    assert revoked["details"] == {"name": "a script", "user": "dana"}
    assert (refused["actor"], refused["outcome"], refused["session"]) == (
        "dana",
        "refused",
        f"token {token.public_id.hex[:12]}",
    )


def test_of_another_persons_token_the_page_knows_nothing(dana: User, people: People) -> None:
    token = tokens.make(name="hers", days=1, scope="read", by=dana)[0]
    page = reverse("workbench:token_revoke", args=[token.public_id])
    assert signed_in(people.admin).post(page, secure=True).status_code == 404
    assert tokens.good_of(dana) == [token]


def test_a_token_that_is_too_old_is_refused(dana: User) -> None:
    script = Script(dana)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert code(script.get("cases")) == (401, "token-needed")


def test_a_token_dies_with_its_persons_account(dana: User) -> None:
    script = Script(dana)
    User.objects.filter(pk=dana.pk).update(is_active=False)
    assert code(script.get("cases")) == (401, "token-needed")


def test_a_token_gives_what_the_roles_give_at_that_moment(people: People) -> None:
    script = Script(people.supervisor)
    assert script.get("sets")[0] == 200
    people.supervisor.memberships.update(role="welfare")
    assert code(script.get("sets")) == (403, "not-allowed")
    denied = events("access.denied")[-1]
    assert (denied["actor"], denied["details"]["route"]) == ("supervisor", "api:sets")


def test_a_token_dies_with_its_persons_last_role(dana: User) -> None:
    script = Script(dana)
    dana.memberships.all().delete()
    assert code(script.get("cases")) == (401, "token-needed")


def changed(dana: User) -> None:
    people_of_the_node.change_password(dana, password="another-lantern-on-the-pier")


def reset(dana: User) -> None:
    people_of_the_node.make_link(dana)


def set_anew(dana: User) -> None:
    link = people_of_the_node.make_link(dana)
    ApiToken.objects.update(revoked_at=None)
    people_of_the_node.set_password(token=link.split("/")[-2], password="another-lantern-on-the-pier")


@pytest.mark.parametrize("ends", [changed, reset, set_anew])
def test_a_token_dies_with_the_password_it_was_made_under(
    dana: User, people: People, ends: Callable[[User], None]
) -> None:
    script, others = Script(dana), Script(people.investigator)
    ends(dana)
    assert code(script.get("cases")) == (401, "token-needed")
    assert events("token.revoke")[-1]["details"] == {"name": "a script", "user": "dana"}
    assert others.get("cases")[0] == 200


def test_a_token_that_may_only_read_decides_nothing(people: People) -> None:
    script = Script(people.investigator, scope="read")
    case = factories.case(people.investigator)
    answer = script.post(f"cases/{case.public_id}/decisions", {"sha256": "0" * 64, "code": "1"})
    assert code(answer) == (403, "not-allowed")
    assert script.post("lookup", {"purpose": "a test", "hashes": ["0" * 32]})[0] == 200


def test_without_a_good_token_in_the_header_nothing_is_told(dana: User) -> None:
    text = factories.token(dana)
    for header in ("", "Bearer", "Bearer ", "Basic ZGFuYTp4", "Bearer winnow_nobodys", f"Token {text}"):
        answer = Client(headers={"authorization": header}).get(CASES, secure=True)
        assert code(told(answer)) == (401, "token-needed"), header
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_of_a_token_in_an_address_nobody_takes_notice(dana: User) -> None:
    text = factories.token(dana)
    for name in ("token", "access_token", "authorization", "api_key"):
        assert code(told(Client().get(CASES, {name: text}, secure=True))) == (401, "token-needed")


def test_a_browsers_session_does_not_open_the_api(dana: User) -> None:
    assert code(told(signed_in(dana).get(CASES, secure=True))) == (401, "token-needed")
    sent = {"purpose": "a forged form", "hashes": ["0" * 32]}
    forged = signed_in(dana).post("/api/v1/lookup", sent, content_type="application/json", secure=True)
    assert code(told(forged)) == (401, "token-needed")


def test_the_first_use_of_a_day_is_an_event_and_the_day_is_kept(dana: User) -> None:
    made, text = tokens.make(name="nightly", days=1, scope="read", by=dana)
    for _call in range(3):
        assert called(f"Bearer {text}")[0] == 200
    (used,) = events("token.use")
    assert (used["actor"], used["session"]) == ("dana", f"token {made.public_id.hex[:12]}")
    made.refresh_from_db()
    assert made.used_on == timezone.now().date()


def test_who_asks_costs_two_queries_the_token_and_the_roles(dana: User) -> None:
    script = Script(dana)
    with CaptureQueriesContext(connection) as queries:
        assert script.get("cases", limit=1)[0] == 200
    told_of = [query["sql"] for query in queries if "apitoken" in query["sql"] or "membership" in query["sql"]]
    assert len([sql for sql in told_of if "casemember" not in sql]) == 2


def test_a_token_that_asks_too_often_waits_and_others_do_not(people: People, settings: Settings) -> None:
    settings.API_REQUESTS = 3
    hasty, calm = Script(people.investigator), Script(people.colleague)
    answers = [hasty._client().get(CASES, secure=True) for _ in range(8)]  # two minutes at most, three calls each
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert code(told(refused[0])) == (429, "too-often")
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert calm.get("cases")[0] == 200


def test_several_tokens_of_one_person_are_one_person(people: People, settings: Settings) -> None:
    settings.PERSON_REQUESTS = 3
    answers = [Script(people.investigator)._client().get(CASES, secure=True) for _ in range(8)]  # each with its own
    refused = [told(answer) for answer in answers if answer.status_code == 429]
    assert refused
    assert "One person may send 3 requests a minute" in refused[0][1]["error"]["message"]
    assert Script(people.colleague).get("cases")[0] == 200


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(dana: User, settings: Settings) -> None:
    body = json.dumps({"purpose": "too much", "hashes": ["0" * 32] * 9000})
    assert len(body) > settings.API_BYTES
    assert code(Script(dana).post("lookup", body)) == (413, "too-large")


def run(*words: str, by: str, capsys: pytest.CaptureFixture[str], status: int = 0) -> dict[str, Any]:
    try:
        call_command("token", *words, "--as", by, "--json")
        ended = 0
    except SystemExit as end:
        ended = int(end.code or 0)
    out = capsys.readouterr().out
    assert ended == status
    found: dict[str, Any] = json.loads(out.splitlines()[-1]) if out else {}
    return found


def test_by_command_a_person_makes_lists_and_revokes_his_own(
    dana: User, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = run("make", "lab script", "--scope", "write", "--days", "7", by="dana", capsys=capsys)
    assert called(f"Bearer {made['token']}")[0] == 200
    (one,) = run("list", by="dana", capsys=capsys)["tokens"]
    assert (one["id"], one["name"], one["scope"]) == (made["id"], "lab script", "write")
    assert run("revoke", made["id"], by="dana", capsys=capsys) == {"id": made["id"]}
    assert called(f"Bearer {made['token']}")[0] == 401
    run("revoke", "nonsense", by="dana", capsys=capsys, status=2)


def test_by_command_an_administrator_ends_anybodys_token_and_nobody_else_does(
    dana: User, people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    made = run("make", "lost laptop", by="dana", capsys=capsys)
    run("list", "dana", by="colleague", capsys=capsys, status=2)
    run("revoke", made["id"], by="colleague", capsys=capsys, status=2)
    assert called(f"Bearer {made['token']}")[0] == 200
    assert len(run("list", "dana", by="admin", capsys=capsys)["tokens"]) == 1
    run("revoke", made["id"], by="admin", capsys=capsys)
    assert called(f"Bearer {made['token']}")[0] == 401
    assert events("token.revoke")[0]["actor"] == "admin"


def test_every_token_has_its_event(dana: User) -> None:
    tokens.make(name="told of", days=1, scope="read", by=dana)
    assert checks.broken(only=checks.LEDGER_OF_EVENTS) == []
    ApiToken.objects.create(user=dana, name="slipped in", scope="read", digest=b"x" * 32, expires_at=timezone.now())
    assert any("apitoken" in one.what for one in checks.broken(only=checks.LEDGER_OF_EVENTS))
