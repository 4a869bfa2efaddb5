"""Who is not signed in: neither what is said nor how long it takes tells names; nothing of his reaches the disk."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth import hashers
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases.models import Case
from workbench import people
from workbench.models import Agency, AuditEvent, Role, User


@contextmanager
def redirected_log(to: io.StringIO) -> Iterator[None]:
    """What goes to web.log, in `to`: the handler of the settings, with its filters."""
    (handler,) = (one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    before = handler.setStream(to)
    try:
        yield
    finally:
        handler.setStream(before)


pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that a request brought and Django began to write."""
    names: list[str] = []

    def noted(_self: object, _field: str, name: str, *_rest: object, **_more: object) -> None:
        names.append(name)

    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", noted)
    return names


def test_a_person_without_a_password_costs_as_much_time_as_anybody(
    northmoor: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.add_person(username="fresh", name="Fresh", agency=northmoor, roles={Role.INVESTIGATOR})
    hashed: list[str] = []
    real = hashers.check_password

    def counted(password: str, encoded: str, *rest: object) -> bool:
        hashed.append(encoded)
        return bool(real(password, encoded, *rest))  # type: ignore[arg-type]

    monkeypatch.setattr(people, "check_password", counted)
    for name in ("fresh", "nobody"):
        assert people.PasswordBackend().authenticate(None, name, "a wrong password") is None
    assert hashed == [people._DECOY, people._DECOY]


def test_no_try_on_a_locked_name_is_an_event_and_no_work_tells_names(northmoor: Agency) -> None:
    people.add_person(username="fresh", name="Fresh", agency=northmoor, roles={Role.INVESTIGATOR})
    browser = Client(headers={"host": "localhost"})
    work: dict[str, list[int]] = {}
    for name in ("fresh", "nobody"):
        for _ in range(7):
            with CaptureQueriesContext(connection) as asked:
                browser.post("/signin/", {"username": name, "password": "a wrong password"}, secure=True)
            work.setdefault(name, []).append(len(asked))
    assert work["fresh"] == work["nobody"]
    failures = AuditEvent.objects.filter(verb="auth.fail").order_by("-log", "seq")
    assert [event.log.agency for event in failures] == [northmoor] * 5 + [None] * 5
    assert ['"locks":true' in event.body for event in failures] == [False, False, False, False, True] * 2
    assert not any("nobody" in event.body for event in failures)


@pytest.mark.parametrize("path", ["/signin/", "/cases/new/", "/account/"])
def test_a_strangers_upload_is_refused_before_anything_of_it_is_written(path: str, kept: list[str]) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    token = browser.get("/signin/").context["csrf_token"]
    answer = browser.post(path, {"file": io.BytesIO(b"x" * 200_000)}, headers={"x-csrftoken": str(token)}, follow=False)
    assert answer.status_code in {302, 413}
    assert kept == []


@pytest.mark.parametrize("path", ["/cases/", "/goto/", "/cases/{case}/items/", "/cases/{case}/problems/"])
def test_a_nul_in_an_address_is_refused_in_words(case: Case, sam: User, path: str) -> None:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(sam, backend="workbench.people.PasswordBackend")
    for field in ("q", "code", "reason"):
        answer = browser.get(path.format(case=case.public_id), {field: "a\0b"})
        assert (answer.status_code, b"no text has" in answer.content) == (400, True)
    assert browser.post(f"/cases/{case.public_id}/close/", {"reason": "\0"}).status_code == 400


def test_what_is_not_signed_in_still_needs_our_own_form(case: Case) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    assert browser.post("/signin/", {"username": "dana", "password": "x"}).status_code == 403


def test_no_log_holds_a_link_that_is_alive(northmoor: Agency) -> None:
    robin = people.add_person(username="robin", name="Robin", agency=northmoor, roles={Role.INVESTIGATOR})
    link = people.make_link(robin)
    browser = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    written = io.StringIO()
    with redirected_log(written):
        refused = browser.post(link, {"password1": "x", "password2": "x"}, headers={"referer": f"http://other{link}"})
        assert refused.status_code == 403
        assert browser.head(link).status_code == 405 or browser.put(link).status_code == 405
        assert browser.get(f"{link}further").status_code == 404
    assert written.getvalue().count("/setup/...") >= 3
    assert link.split("/")[2] not in written.getvalue()
    assert browser.get(link).status_code == 200  # nothing of this spent it
