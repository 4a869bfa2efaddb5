"""The event log: one chain per agency, written with the change, and every tampering found (security.md section 6)."""

import json
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests import factories
from tests.damage import Damage
from tests.people import People, signed_in
from workbench import audit
from workbench.audit import Event, UnknownEvent
from workbench.models import Agency, AuditEvent, AuditLog, User
from workbench.people import add_agency


def log_of(agency: Agency) -> AuditLog:
    """The chain of an agency, fresh from the table."""
    return AuditLog.objects.get(agency=agency)


def write(agency: Agency, number: int = 1) -> None:
    """Some events of the system in one transaction."""
    with transaction.atomic():
        audit.record_all([Event(audit.LOG_READ, f"agency:{n}") for n in range(number)], by=None, agency=agency)


@pytest.mark.django_db
class TestRecording:
    """How events come in."""

    def test_each_agency_has_a_chain_of_its_own_that_verifies(self, people: People) -> None:
        write(people.north, 3)
        for agency in (people.north, people.south):
            verdict = audit.verify(log_of(agency))
            assert verdict.ok
            assert verdict.events == AuditEvent.objects.filter(log__agency=agency).count() > 0
        assert log_of(people.north).head_hash != log_of(people.south).head_hash

    def test_an_unregistered_verb_is_an_error_and_nothing_is_written(self, people: People) -> None:
        before = AuditEvent.objects.count()
        with pytest.raises(UnknownEvent, match="made-up"), transaction.atomic():
            audit.record_all([Event(audit.LOG_READ, "a:1"), Event("made-up", "a:1")], by=people.supervisor)
        assert AuditEvent.objects.count() == before

    def test_a_verb_cannot_mean_two_things(self) -> None:
        with pytest.raises(ValueError, match="twice"):
            audit.verb(audit.LOG_READ, "Something else")

    def test_an_event_goes_with_its_change_when_the_transaction_fails(self, people: People) -> None:
        before = log_of(people.north).head_seq
        with suppress(ZeroDivisionError), transaction.atomic():
            factories.person(people.north, "nobody")
            raise ZeroDivisionError
        assert not User.objects.filter(username="nobody").exists()
        assert log_of(people.north).head_seq == before
        assert audit.verify(log_of(people.north)).ok

    def test_an_event_tells_who_what_where_and_nothing_secret(self, people: People) -> None:
        with audit.source("0123456789ab", "192.0.2.7"), transaction.atomic():
            audit.record(audit.LOG_READ, by=people.auditor, on=people.north, reason="review")
        event = AuditEvent.objects.filter(log__agency=people.north).order_by("-seq")[0]
        body = json.loads(event.body)
        assert body["actor"] == "auditor"
        assert body["subject"] == f"agency:{people.north.public_id}"
        assert (body["session"], body["address"], body["reason"]) == ("0123456789ab", "192.0.2.7", "review")
        assert body["at"].endswith("+00:00")
        assert (body["organisation"], body["roles"]) == (str(people.north.organisation), ["auditor"])
        assert event.body == audit.canonical(body)
        assert set(body) == {
            "format", "seq", "at", "actor", "name", "organisation", "roles", "session", "address", "verb", "subject",
            "case", "details", "reason", "outcome",
        }  # fmt: skip

    def test_two_hundred_events_lock_the_head_once(
        self, people: People, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_max_num_queries(5):  # savepoint, head, events, head, release
            write(people.north, 200)


@pytest.mark.django_db(transaction=True)
def test_a_chain_that_grows_while_it_is_verified_is_not_called_broken(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, problem, written = log_of(people.north), audit._problem, list[threading.Thread]()

    def write_beside(*about: Any) -> str:
        if not written:
            written.append(threading.Thread(target=write_and_close, args=(people.north,)))
            written[0].start()
            written[0].join()
        return problem(*about)

    monkeypatch.setattr(audit, "_problem", write_beside)
    assert audit.verify(log).ok
    log.refresh_from_db()
    assert AuditEvent.objects.filter(log=log).count() == log.head_seq


def write_and_close(agency: Agency) -> None:
    try:
        with transaction.atomic():
            write(agency, 3)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_no_event_is_recorded_outside_a_transaction(people: People) -> None:
    with pytest.raises(UnknownEvent, match="transaction"):
        audit.record(audit.LOG_READ, by=people.auditor, on=people.north)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE workbench_auditevent SET verb = 'x'",
        "DELETE FROM workbench_auditevent",
        "TRUNCATE workbench_auditevent",
        "ALTER TABLE workbench_auditevent DISABLE TRIGGER ALL",
        "DROP TABLE workbench_auditevent",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_role_cannot_change_what_is_recorded(people: People, sql: str) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    ["UPDATE workbench_auditevent SET verb = 'x'", "DELETE FROM workbench_auditevent", "TRUNCATE workbench_auditevent"],
)
def test_triggers_stop_even_those_who_hold_the_right(superuser: None, people: People, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            cursor.execute(sql)


SWAPPED = """
UPDATE workbench_auditevent a SET body = b.body, hash = b.hash, verb = b.verb, subject = b.subject, at = b.at
FROM workbench_auditevent b WHERE a.log_id = b.log_id AND (a.seq, b.seq) IN ((4, 5), (5, 4))
"""
INSERTED = """
INSERT INTO workbench_auditevent (log_id, seq, at, verb, actor, subject, body, hash)
SELECT log_id, seq + 1000, at, verb, actor, subject, body, hash FROM workbench_auditevent WHERE seq = 4
"""
SHIFTED = """
UPDATE workbench_auditevent SET seq = seq + 1000 WHERE seq >= 4;
UPDATE workbench_auditevent SET seq = seq - 999 WHERE seq > 1000;
INSERT INTO workbench_auditevent (log_id, seq, at, verb, actor, subject, body, hash)
SELECT log_id, 4, at, verb, actor, subject, body, hash FROM workbench_auditevent WHERE seq = 3
"""
REHASHED = """
UPDATE workbench_auditevent SET body = replace(body, 'northmoor', 'elsewhere');
UPDATE workbench_auditevent SET hash = sha256('\\x00'::bytea || body::bytea) WHERE seq = 1
"""
HIDDEN = """
DELETE FROM workbench_auditevent WHERE seq = 4;
UPDATE workbench_auditevent SET seq = seq + 1000 WHERE seq > 4;
UPDATE workbench_auditevent SET seq = seq - 1001 WHERE seq > 1000
"""
TAMPERINGS = [
    # what a superuser did, the first bad entry (0: just behind the last)
    ("UPDATE workbench_auditevent SET body = replace(body, '\"ok\"', '\"no\"') WHERE seq = 4", 4),
    ("UPDATE workbench_auditevent SET verb = 'auth.login' WHERE seq = 4", 4),
    ("UPDATE workbench_auditevent SET actor = 'somebody' WHERE seq = 4", 4),
    ("UPDATE workbench_auditevent SET at = at - interval '1 hour' WHERE seq = 4", 4),
    ("UPDATE workbench_auditevent SET hash = sha256('x') WHERE seq = 4", 4),
    ("DELETE FROM workbench_auditevent WHERE seq = 4", 4),
    ("DELETE FROM workbench_auditevent WHERE seq = 1", 1),
    (HIDDEN, 4),
    ("DELETE FROM workbench_auditevent WHERE seq > 4", 5),
    ("TRUNCATE workbench_auditevent", 1),
    (SWAPPED, 4),
    (SHIFTED, 4),
    (INSERTED, 0),
    (REHASHED, 1),
    ("UPDATE workbench_auditlog SET head_seq = head_seq - 1", 0),
    ("UPDATE workbench_auditlog SET head_hash = sha256('x')", 0),
]


@pytest.mark.parametrize(("sql", "first_bad"), TAMPERINGS)
def test_what_a_superuser_does_to_the_log_is_found_at_its_first_bad_entry(
    damage: Damage, people: People, sql: str, first_bad: int
) -> None:
    write(people.north, 8)
    length = log_of(people.north).head_seq
    damage(sql)
    verdict = audit.verify(log_of(people.north))
    assert not verdict.ok
    assert verdict.first_bad is not None
    assert verdict.first_bad["seq"] == (first_bad or length + 1)
    assert verdict.events == (first_bad or length + 1) - 1


@pytest.mark.django_db
class TestPage:
    """Reading the log in the browser."""

    def test_whatever_is_read_is_an_event_and_only_its_next_page_is_none(self, people: People) -> None:
        write(people.north, 120)
        client = signed_in(people.auditor)
        read = AuditEvent.objects.filter(actor="auditor", verb=audit.LOG_READ).order_by("-seq")
        following = client.get("/audit/", secure=True).context["next_url"]
        assert read.count() == 1
        client.get(f"/audit/{following}", secure=True)
        assert read.count() == 1
        # each of these shows something that was not told of
        for number, query in enumerate(
            (f"before={2**62}", f"before={2**62}&q=dana", following[1:], "entry=1", "entry=2", "person=auditor"), 2
        ):
            client.get(f"/audit/?{query}", secure=True)
            assert read.count() == number, query
        assert json.loads(read[0].body)["details"] == {"person": "auditor"}
        assert json.loads(read[1].body)["details"] == {"entry": "2"}

    def test_the_last_day_of_the_calendar_is_a_day(self, people: People) -> None:
        assert signed_in(people.auditor).get("/audit/?day=9999-12-31", secure=True).context["rows"] == []

    def test_pages_go_back_by_number_without_counting(self, people: People) -> None:
        write(people.north, 120)
        client, seen = signed_in(people.auditor), list[int]()
        url = "/audit/?verb=audit.read"
        while url:
            answer = client.get(url, secure=True)
            seen += [row.seq for row in answer.context["rows"]]
            url = answer.context["next_url"] and f"/audit/{answer.context['next_url']}"
        assert seen == sorted(seen, reverse=True)
        assert len(seen) == len(set(seen)) == 120

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"person": "auditor"}, {"auth.login"}),
            ({"verb": "case.create"}, {"case.create"}),
            ({"q": "Harbour"}, set()),
            ({"q": "N-7"}, {"case.create"}),
            ({"q": '"'}, set()),
            ({"day": "2001-01-01"}, set()),
            ({"case": "not a case"}, set()),
        ],
    )
    def test_filters_narrow_the_page(self, people: People, query: dict[str, str], expected: set[str]) -> None:
        with transaction.atomic():
            case = factories.case(people.investigator, number="N-7")
            audit.record(audit.SIGN_IN, by=people.auditor, on=people.auditor)
            audit.record(audit.LOG_READ, by=None, on=people.north, agency=people.north, case=case.public_id)
        rows = signed_in(people.auditor).get("/audit/", query, secure=True).context["rows"]
        assert {row.verb for row in rows} == expected

    def test_a_case_an_entry_number_and_the_start_of_a_hash_are_found(self, people: People) -> None:
        case = factories.case(people.investigator)
        client = signed_in(people.auditor)
        event = AuditEvent.objects.get(case=case.public_id)
        for query in (
            {"case": str(case.public_id)},
            {"q": bytes(event.hash).hex()[:10]},
            {"q": str(event.seq), "verb": event.verb},
        ):
            rows = client.get("/audit/", query, secure=True).context["rows"]
            assert event.seq in {row.seq for row in rows}
            assert len(rows) == 1

    def test_an_entry_is_shown_as_its_json(self, people: People) -> None:
        answer = signed_in(people.supervisor).get("/audit/?entry=2", secure=True)
        shown = json.loads(answer.context["entry"]["body"])
        stored = AuditEvent.objects.get(log__agency=people.north, seq=2)
        assert shown == json.loads(stored.body) | {"hash": bytes(stored.hash).hex()}
        assert signed_in(people.supervisor).get("/audit/?entry=99999", secure=True).context["entry"] is None

    def test_an_agency_sees_nothing_of_another_ones_log(self, people: People) -> None:
        factories.case(people.outsider, number="S-SECRET")
        answer = signed_in(people.auditor).get("/audit/?q=S-SECRET", secure=True)
        assert answer.context["rows"] == []
        whole = signed_in(people.auditor).get("/audit/", secure=True).content
        assert b"outsider" not in whole.lower()

    def test_an_administrator_without_an_agencys_role_reads_the_nodes_log_only(self, people: People) -> None:
        answer = signed_in(people.admin).get("/audit/", secure=True)
        assert answer.context["log_name"] == "This node"
        assert {row.verb for row in answer.context["rows"]} == {"agency.add"}

    def test_verifying_says_how_much_is_proven(self, people: People) -> None:
        client = signed_in(people.supervisor)
        answer = client.post("/audit/verify/", secure=True, follow=True)
        assert b"The log is whole: " in answer.content
        assert answer.context["chain"].state == "ok"
        assert audit.verify(log_of(people.north)).ok


def test_a_broken_log_is_named_on_the_page(damage: Damage, people: People) -> None:
    damage("UPDATE workbench_auditevent SET verb = 'auth.login' WHERE seq = 4")
    answer = signed_in(people.supervisor).post("/audit/verify/", secure=True, follow=True)
    chain = answer.context["chain"]
    assert (chain.state, chain.first_bad, chain.proven) == ("broken", 4, 3)
    assert b"The log is not whole: entry 4, " in answer.content
    assert answer.context["entry"]["seq"] == 4


@pytest.mark.django_db
def test_the_clock_of_events_is_the_databases(people: People) -> None:
    write(people.north)
    event = AuditEvent.objects.filter(log__agency=people.north).order_by("-seq")[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    assert timedelta(0) < now - event.at < timedelta(minutes=1)


@pytest.mark.django_db
def test_a_sign_in_carries_the_session_that_it_opens(people: People) -> None:
    people.auditor.set_password("a-heron-on-the-breakwater")
    people.auditor.save()
    client = signed_in(None)
    entered = {"username": "auditor", "password": "a-heron-on-the-breakwater"}
    client.post(reverse("workbench:signin"), entered, secure=True)
    client.get(reverse("workbench:audit"), secure=True)
    told = AuditEvent.objects.filter(actor="auditor", verb__in=["auth.login", "audit.read"]).order_by("seq")
    opened, read = (json.loads(event.body)["session"] for event in told)
    assert opened == read != ""


@pytest.mark.django_db
def test_a_new_agency_is_an_event_of_the_node_whoever_adds_it(people: People) -> None:
    add_agency(slug="eastmoor", name="Eastmoor", by=people.admin)
    event = AuditEvent.objects.filter(verb="agency.add").order_by("-at")[0]
    assert event.log.agency is None
    assert event.actor == "admin"
