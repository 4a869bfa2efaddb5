"""Whose record it is: what supervisors, welfare officers and auditors are sent, and what never."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import investigations, review
from cases.care import breaks, day, ledger, rules
from cases.models import Break, CareRule, Case, LimitReached, Viewing
from tests.cases import material
from tests.cases.care.conftest import Looked, noon, now
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client


def rows(page: str) -> dict[str, str]:
    """The people of the supervisor's list, by name: the text of their row, without its form."""
    body = page.split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    cells = [re.sub(r"<form.*?</form>", "", row, flags=re.DOTALL) for row in body.split("<tr>")[1:]]
    texts = [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells]
    return {
        next(name for name in ("Dana Okafor", "Milo Lind", "Sam Bhatt") if text.startswith(name)): text
        for text in texts
    }


def test_a_supervisor_sees_states_of_today_by_name_and_no_times_or_counts(
    dana: User, milo: User, sam: User, looked: Looked
) -> None:
    looked(dana, range(60, 97))
    at = now()
    Break.objects.create(user=milo, started_at=at, ends_at=at + timedelta(minutes=10), ended_at=at, skipped=True)
    breaks.start(by=dana)
    day.override(person=milo, by=sam, minutes=30, reason="a child may be near")
    found = rows(signed_in(sam).get("/oversight/limits/").content.decode())
    assert found == {
        "Dana Okafor": "Dana Okafor 0 kept On a break",
        "Milo Lind": "Milo Lind 0 kept 1 break ended early 30 min more given",
        "Sam Bhatt": "Sam Bhatt 0 kept Another supervisor's to give",
    }
    assert list(found) == sorted(found)
    assert not any(re.search(r"\b37\b", text) for text in found.values())


def test_people_of_another_agency_are_not_on_the_list_and_get_nothing(sam: User, dana: User, ines: User) -> None:
    page = signed_in(ines).get("/oversight/limits/").content.decode()
    assert "Dana" not in page
    path = f"/oversight/limits/{dana.public_id}/more/"
    assert signed_in(ines).post(path, {"minutes": "15", "reason": "x"}).status_code == 404


def test_the_welfare_officer_sees_limits_crossed_and_only_records_that_are_shared(
    dana: User, milo: User, wren: User
) -> None:
    LimitReached.objects.create(user=milo, day=now().date(), minutes=240)
    client = signed_in(wren)
    assert client.get(f"/wellness/{dana.public_id}/").status_code == 403
    page = client.get("/wellness/").content.decode()
    assert "Milo Lind" in page
    assert "Dana" not in page
    for _twice in range(2):  # the same again is no event
        signed_in(dana).post("/viewing/share/", {"on": "1"})
    assert "Dana Okafor" in client.get("/wellness/").content.decode()
    assert "Thirty days" in client.get(f"/wellness/{dana.public_id}/").content.decode()
    signed_in(dana).post("/viewing/share/", {"on": "0"})
    assert client.get(f"/wellness/{dana.public_id}/").status_code == 403
    told = AuditEvent.objects.filter(verb__startswith="wellness.").order_by("seq")
    assert [(one.verb, one.actor) for one in told] == [
        ("wellness.share", "dana"), ("wellness.read", "wren"), ("wellness.share", "dana"),
    ]  # fmt: skip
    assert "Wren Ito" in signed_in(dana).get("/viewing/").content.decode()


def test_an_auditor_reads_a_record_with_a_reason_only_and_its_person_is_told(dana: User, ada: User) -> None:
    client, path = signed_in(ada), f"/wellness/{dana.public_id}/"
    assert "Thirty days" not in client.get(path).content.decode()
    assert client.post(path, {"reason": ""}).status_code == 400
    assert not AuditEvent.objects.filter(verb="wellness.read").exists()
    assert "Thirty days" in client.post(path, {"reason": "complaint 12"}).content.decode()
    assert json.loads(AuditEvent.objects.get(verb="wellness.read").body)["reason"] == "complaint 12"
    assert "complaint 12" in signed_in(dana).get("/viewing/").content.decode()


def test_a_supervisor_reads_nobodys_record(dana: User, sam: User) -> None:
    rules.share(by=dana, on=True)
    client = signed_in(sam)
    assert client.get(f"/wellness/{dana.public_id}/").status_code == 403
    assert client.get("/wellness/").status_code == 403


def test_the_own_page_counts_a_stack_once_and_looks_that_were_unveiled_only(
    case: Case, dana: User, looked: Looked
) -> None:
    one, other, last = material.pictures(case, dana, ["a", "b", "c"])
    for content, ms in ((one, 900), (one, 300), (other, 2000), (last, None)):
        Viewing.objects.create(user=dana, content=content, case=case, revealed_ms=ms, enlarged_ms=ms)
    CareRule.objects.create(agency=dana.agency, zone=noon())
    looked(dana, range(2))
    page = signed_in(dana).get("/viewing/").content.decode()
    assert "2 looks, each at a stack of its own" in page
    row = page.split("Ended early")[1].split("</tr>")[1]
    assert re.findall(r">([^<>]+)</td>", row)[1:5] == ["2 min", "3 s", "3 s", "2"]


def test_what_came_of_it_is_told_until_its_person_hides_it(case: Case, dana: User, sam: User, milo: User) -> None:
    material.pictures(case, dana, ["a"])
    review.claim(case=case, by=dana)
    investigations.close(case=case, by=sam, reason="done")
    assert "26-1 Harbour is closed: 0 files decided." in signed_in(dana).get("/").content.decode()
    assert "is closed" not in signed_in(milo).get("/").content.decode()
    rules.choose(by=dana, wanted={"outcomes": False})
    assert "is closed" not in signed_in(dana).get("/").content.decode()


def test_the_meter_is_for_those_who_review(dana: User, wren: User, looked: Looked) -> None:
    looked(dana, range(1, 22))
    assert "<b>21 min</b>" in signed_in(dana).get("/cases/").content.decode()
    assert "data-meter" not in signed_in(wren).get("/cases/").content.decode()


def test_the_pages_of_care_ask_the_same_number_of_queries_however_long_somebody_looked(
    dana: User, looked: Looked
) -> None:
    client, numbers = signed_in(dana), list[int]()
    client.get("/viewing/")
    for minutes in (range(1, 3), range(3, 200)):
        looked(dana, minutes)
        ledger.note(by=dana, visit=dana.public_id, ms=0)
        with CaptureQueriesContext(connection) as asked:
            client.get("/viewing/")
        numbers.append(len(asked))
    assert numbers[0] == numbers[1]
