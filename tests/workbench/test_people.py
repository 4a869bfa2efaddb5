"""People: sign-in, locking, one-time links, passwords, roles (security.md 5.4, 5.7, 5.8)."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.people import People, signed_in
from workbench import audit
from workbench import people as domain
from workbench.models import Agency, AuditEvent, Membership, Role, SetupLink, User

pytestmark = pytest.mark.django_db
GOOD = "plain words about weather"
OTHER = "another sentence, quite long"


@pytest.fixture
def robin() -> User:
    """Somebody with a password."""
    return factories.person(factories.agency("eastmoor"), "robin", Role.INVESTIGATOR, password=GOOD)


def sign_in(username: str, password: str, client: Client | None = None) -> HttpResponse:
    """One attempt."""
    client = client or Client(headers={"host": "localhost"})
    return client.post("/signin/", {"username": username, "password": password}, secure=True)  # type: ignore[return-value]


def last_verb(agency: Agency) -> str:
    """The newest event of an agency."""
    return AuditEvent.objects.filter(log__agency=agency).order_by("-seq")[0].verb


def test_the_right_password_opens_and_is_an_event(robin: User) -> None:
    client = Client(headers={"host": "localhost"})
    answer = sign_in("robin", GOOD, client)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.get("/", secure=True).status_code == 200
    assert last_verb(robin.agency) in {audit.SIGN_IN, "case.open"}
    client.post("/signout/", secure=True)
    assert client.get("/", secure=True).status_code == 302
    assert last_verb(robin.agency) == audit.SIGN_OUT


def test_after_a_wrong_password_the_next_key_goes_into_the_password(robin: User) -> None:
    answer = sign_in(robin.username, "wrong")
    assert [b"autofocus" in field for field in re.findall(rb"<input[^>]*>", answer.content)][-2:] == [False, True]


def test_signing_in_makes_a_new_session(robin: User) -> None:
    client = Client(headers={"host": "localhost"})
    client.get("/signin/", secure=True)
    before = client.session.session_key
    sign_in("robin", GOOD, client)
    assert client.session.session_key != before


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(robin: User) -> None:
    wrong, unknown = sign_in("robin", OTHER), sign_in("nobody", OTHER)
    assert wrong.status_code == unknown.status_code == 400
    texts = [_without_names(answer) for answer in (wrong, unknown)]
    assert texts[0] == texts[1]
    assert last_verb(robin.agency) == audit.SIGN_IN_FAILED


def _without_names(answer: HttpResponse) -> str:
    """The page without what the person typed and the token of the form."""
    text = answer.content.decode().replace("robin", "").replace("nobody", "")
    return "\n".join(line for line in text.splitlines() if "csrf" not in line)


def test_an_unknown_name_costs_as_many_hashes_as_a_wrong_password(robin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    plain = Argon2PasswordHasher.verify

    def counted(self: Argon2PasswordHasher, password: str, encoded: str) -> bool:
        hashed.append(encoded)
        return bool(plain(self, password, encoded))

    monkeypatch.setattr(Argon2PasswordHasher, "verify", counted)
    sign_in("robin", OTHER)
    sign_in("nobody", OTHER)
    assert len(hashed) == 2


def test_five_failures_lock_until_somebody_unlocks(robin: User, people: People) -> None:
    for _ in range(5):
        sign_in("robin", OTHER)
    locked = sign_in("robin", GOOD)
    assert locked.status_code == 403
    assert b"does not" not in locked.content  # nothing new is said
    domain.unlock(robin, by=people.admin)
    assert sign_in("robin", GOOD).status_code == 302
    assert AuditEvent.objects.filter(log__agency=robin.agency, verb=audit.PERSON_UNLOCKED).count() == 1


def test_failures_of_one_do_not_lock_another(robin: User) -> None:
    factories.person(robin.agency, "wren", Role.INVESTIGATOR, password=GOOD)
    for _ in range(5):
        sign_in("robin", OTHER)
    assert sign_in("wren", GOOD).status_code == 302


def test_an_account_without_a_password_opens_by_its_link_only(people: People) -> None:
    for password in ("", "!", "investigator"):
        assert sign_in("investigator", password).status_code == 400


def test_a_one_time_link_sets_a_password_once(people: People) -> None:
    path = domain.make_link(people.investigator, by=people.admin)
    client = Client(headers={"host": "localhost"})
    assert b"investigator" in client.get(path, secure=True).content
    done = client.post(path, {"password1": GOOD, "password2": GOOD}, secure=True)
    assert done.status_code == 302
    assert sign_in("investigator", GOOD).status_code == 302
    for answer in (
        client.get(path, secure=True),
        client.post(path, {"password1": OTHER, "password2": OTHER}, secure=True),
    ):
        assert answer.status_code == 410
        assert b"no longer works" in answer.content
    assert sign_in("investigator", OTHER).status_code == 400


def test_a_link_is_stored_as_its_digest_and_ends_with_its_time_or_the_next_link(people: People) -> None:
    first = domain.make_link(people.investigator)
    token = first.rstrip("/").rsplit("/", 1)[-1]
    assert not AuditEvent.objects.filter(body__contains=token).exists()
    assert all(token.encode() not in bytes(link.token_digest) for link in SetupLink.objects.all())
    second = domain.make_link(people.investigator)
    SetupLink.objects.filter(used_at__isnull=True).update(expires_at=timezone.now() - timedelta(seconds=1))
    client = Client(headers={"host": "localhost"})
    for path in (first, second, "/setup/guessed/"):
        assert client.get(path, secure=True).status_code == 410


@pytest.mark.parametrize("password", ["short", "password1234", "investigator1", "123456789012"])
def test_a_weak_password_is_refused_with_its_reason(people: People, password: str) -> None:
    path = domain.make_link(people.investigator)
    answer = Client(headers={"host": "localhost"}).post(
        path, {"password1": password, "password2": password}, secure=True
    )
    assert answer.status_code == 200
    assert answer.context["form"].errors["password1"]
    assert Client(headers={"host": "localhost"}).get(path, secure=True).status_code == 200  # the link is not spent


def test_a_new_password_ends_the_other_sessions(robin: User) -> None:
    here, elsewhere = (Client(headers={"host": "localhost"}) for _ in range(2))
    for client in (here, elsewhere):
        sign_in("robin", GOOD, client)
    form = {"old_password": GOOD, "password1": OTHER, "password2": OTHER}
    assert here.post("/account/", form | {"old_password": OTHER}, secure=True).status_code == 400
    assert here.post("/account/", form | {"password2": GOOD}, secure=True).status_code == 400
    assert here.post("/account/", form, secure=True).status_code == 302
    assert here.get("/account/", secure=True).status_code == 200
    assert elsewhere.get("/account/", secure=True).status_code == 302
    assert (sign_in("robin", GOOD).status_code, sign_in("robin", OTHER).status_code) == (400, 302)
    assert AuditEvent.objects.filter(log__agency=robin.agency, verb=audit.PASSWORD_CHANGED).count() == 1


def test_trying_old_passwords_on_the_account_page_locks_too(robin: User) -> None:
    client = Client(headers={"host": "localhost"})
    sign_in("robin", GOOD, client)
    form = {"old_password": "a guess at it", "password1": OTHER, "password2": OTHER}
    for _ in range(5):
        client.post("/account/", form, secure=True)
    assert client.post("/account/", form | {"old_password": GOOD}, secure=True).status_code == 403
    assert sign_in("robin", GOOD).status_code == 403


@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER])
def test_an_administrator_cannot_also_decide(people: People, role: Role) -> None:
    with pytest.raises(domain.RolesConflict):
        domain.add_person(username="x", name="X", agency=people.north, roles={Role.ADMIN, role})
    assert not User.objects.filter(username="x").exists()
    with pytest.raises(IntegrityError), transaction.atomic():  # the database refuses, whoever asks
        Membership.objects.create(user=people.admin, agency=people.north, role=role)


def test_every_role_given_is_an_event_that_names_it(people: People) -> None:
    domain.add_person(
        username="x", name="X", agency=people.north, roles={Role.AUDITOR, Role.WELFARE}, by=people.supervisor
    )
    events = AuditEvent.objects.filter(log__agency=people.north, verb=audit.ROLE_GIVEN).order_by("-seq")[:2]
    told = [json.loads(event.body) for event in events]
    assert {one["details"]["role"] for one in told} == {"auditor", "welfare"}
    assert {(one["actor"], one["details"]["user"]) for one in told} == {("supervisor", "x")}


def test_a_form_from_elsewhere_is_refused(people: People) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    client.force_login(people.supervisor, backend="workbench.people.PasswordBackend")
    assert client.post("/audit/verify/", secure=True).status_code == 403
    foreign = {"origin": "https://elsewhere.example", "referer": "https://elsewhere.example/"}
    assert client.post("/signin/", {"username": "x", "password": "y"}, secure=True, headers=foreign).status_code == 403


def test_a_host_nobody_configured_is_refused(people: People) -> None:
    client = signed_in(people.supervisor)
    assert client.get("/", secure=True, headers={"host": "elsewhere.example"}).status_code == 400


def test_there_is_no_account_and_no_password_before_the_first_start(db: None) -> None:
    assert not User.objects.exists()
    made = domain.first_start()
    assert made is not None
    assert all(not user.has_usable_password() for user in User.objects.all())
    assert domain.first_start() is None
