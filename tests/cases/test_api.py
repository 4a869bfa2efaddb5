"""Cases, contents and decisions by token: the rights, figures and rules of the pages."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import decisions, figures, investigations
from cases.models import Act, Case, Content, Decision, Item, Offer, Viewing
from tests import factories
from tests.people import People
from tests.scripts import Script, code
from workbench.models import AuditEvent

SHA = "0" * 64


@pytest.fixture
def case(people: People) -> Case:
    """A case with seven contents of one exhibit."""
    made = factories.case(people.investigator, people.colleague, people.supervisor, people.exporter, people.auditor)
    factories.items(factories.exhibit(made), 7)
    factories.publishing_set(people.north)
    return made


def hashes(case: Case) -> list[str]:
    return [
        bytes(one).hex()
        for one in Item.objects.filter(case=case).order_by("pk").values_list("content__sha256", flat=True)
    ]


def decide(script: Script, case: Case, sha256: str, code: str = "1", key: str = "", **more: Any) -> Any:
    body = {"sha256": sha256, "code": code, **more}
    return script.post(f"cases/{case.public_id}/decisions", body, idempotency_key=key or str(uuid4()))


def test_the_list_has_the_cases_in_reach_with_their_figures(case: Case, people: People) -> None:
    factories.case(people.outsider)
    (row,) = Script(people.investigator).all("cases", "cases")
    assert (row["id"], row["number"], row["lead"], row["state"]) == (
        str(case.public_id),
        case.number,
        "Investigator",
        "open",
    )
    assert row["scheme"]["id"] == "landscapes-t1"
    assert row["figures"]["unique"] == row["figures"]["unmatched"] == figures.of(case).unique == 7


def test_the_list_goes_by_pages_and_filters(people: People) -> None:
    made = [factories.case(people.investigator, number=f"P-{number}") for number in range(5)]
    script = Script(people.investigator)
    assert [row["number"] for row in script.all("cases", "cases", limit=2)] == [f"P-{n}" for n in (4, 3, 2, 1, 0)]
    closing_case = made[2]
    Case.objects.filter(pk=closing_case.pk).update(state=Case.State.CLOSED)
    assert [row["number"] for row in script.all("cases", "cases", state="closed")] == ["P-2"]
    assert [row["number"] for row in script.all("cases", "cases", q="p-3")] == ["P-3"]
    assert script.get("cases", mine="true")[1]["cases"]
    assert Script(people.supervisor).get("cases", mine="true")[1] == {"cases": [], "next": None}


def test_a_case_tells_the_codes_that_decisions_may_have(case: Case, people: People) -> None:
    _status, one = Script(people.auditor).get(f"cases/{case.public_id}")
    codes = list(case.scheme.categories.values_list("code", flat=True))
    assert [category["code"] for category in one["categories"]] == codes


def test_the_contents_come_in_pages_whole_and_once(case: Case, people: People) -> None:
    rows = Script(people.investigator).all(f"cases/{case.public_id}/contents", "contents", limit=3)
    assert [row["sha256"] for row in rows] == hashes(case)
    assert {row["state"] for row in rows} == {"open"}
    assert all(len(row["md5"]) == 32 and len(row["sha1"]) == 40 and row["files"] == 1 and row["name"] for row in rows)


def test_the_contents_are_filtered_by_state_category_and_exhibit(case: Case, people: People) -> None:
    script, first = Script(people.investigator), hashes(case)[0]
    factories.item(other := factories.exhibit(case))
    assert decide(script, case, first, "2")[0] == 201
    path = f"cases/{case.public_id}/contents"
    (row,) = script.all(path, "contents", state="decided")
    assert (row["sha256"], row["code"], row["decided_by"]) == (first, "2", "Investigator")
    assert len(script.all(path, "contents", state="open")) == 7
    assert [row["sha256"] for row in script.all(path, "contents", code="2")] == [first]
    assert len(script.all(path, "contents", exhibit=other.public_id)) == 1


DAMAGED: tuple[dict[str, str], ...] = (
    {"state": "lost"}, {"limit": "0"}, {"limit": "201"}, {"limit": "many"}, {"after": "-1"}, {"after": "x"},
    {"exhibit": "one"}, {"mark": "loud"}, {"colour": "red"}, {"code": "x" * 41}, {"after": "9" * 30},
)  # fmt: skip


def test_of_an_address_that_does_not_fit_the_place_is_named(case: Case, people: People) -> None:
    script = Script(people.investigator)
    for query in DAMAGED:
        status, told = script.get(f"cases/{case.public_id}/contents", **query)
        assert (status, told["error"]["code"]) == (400, "bad-input"), query
        assert next(iter(query)) in told["error"]["message"]


def test_of_a_field_said_twice_none_is_taken(case: Case, people: People) -> None:
    assert code(Script(people.investigator).get("cases", limit=["1", "2"])) == (400, "bad-input")


@pytest.mark.parametrize("what", ["cases", "contents", "decisions", "sets"])
def test_a_list_costs_the_same_for_any_number_of_rows(case: Case, people: People, what: str) -> None:
    script = Script(people.supervisor)
    path = what if what in {"cases", "sets"} else f"cases/{case.public_id}/{what}"
    counts = []
    for _round in range(2):
        item = factories.item(factories.exhibit(factories.case(people.investigator, people.supervisor)))
        factories.item(factories.exhibit(case))
        factories.hash_set(people.north)
        decisions.decide_content(
            case=item.case, content=item.content, code="1", by=people.investigator, via="test", viewed=True
        )
        assert script.get(path)[0] == 200
        with CaptureQueriesContext(connection) as queries:
            assert script.get(path)[0] == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


def test_a_decision_is_that_of_the_page_and_its_event_tells_by_what_way_it_came(case: Case, people: People) -> None:
    status, made = decide(Script(people.investigator), case, hashes(case)[0].upper(), "1")
    row = Decision.objects.get(public_id=made["id"])
    assert (status, made["basis"], row.by, row.act.via) == (201, "veiled", people.investigator, "api")
    event = json.loads(AuditEvent.objects.get(verb="decision.set").body)
    assert (event["actor"], event["details"]["code"], event["session"][:6]) == ("investigator", "1", "token ")
    assert (event["details"]["via"], event["details"]["basis"]) == ("api", "veiled")


def test_a_script_has_looked_at_nothing_whatever_its_person_saw(case: Case, people: People) -> None:
    content = Content.objects.filter(item__case=case).order_by("pk")[0]
    Viewing.objects.create(user=people.investigator, content=content, case=case, revealed_ms=900)
    made = decide(Script(people.investigator), case, bytes(content.sha256).hex())[1]
    assert made["basis"] == "veiled"
    assert not Offer.objects.exists()


def test_the_same_key_again_writes_nothing_and_gives_the_same_answer(case: Case, people: People) -> None:
    script, first, key = Script(people.investigator), hashes(case)[0], str(uuid4())
    answers = [decide(script, case, first, "1", key) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0][0], Decision.objects.count(), Act.objects.count()) == (201, 1, 1)
    assert AuditEvent.objects.filter(verb="decision.set").count() == 1


def test_the_same_key_with_another_decision_is_refused(case: Case, people: People) -> None:
    script, key = Script(people.investigator), str(uuid4())
    first, second, *_ = hashes(case)
    assert decide(script, case, first, "1", key)[0] == 201
    assert code(decide(script, case, first, "2", key)) == (409, "key-reused")
    assert code(decide(script, case, second, "1", key)) == (409, "key-reused")
    assert Decision.objects.count() == 1
    assert decide(Script(people.colleague), case, second, "1", key)[0] == 201  # a key is its person's


def test_a_decision_without_a_key_is_refused(case: Case, people: People) -> None:
    path, body = f"cases/{case.public_id}/decisions", {"sha256": hashes(case)[0], "code": "1"}
    for key in ("", "17", "not-a-key"):
        status, told = Script(people.investigator).post(path, body, idempotency_key=key)
        assert (status, "Idempotency-Key" in told["error"]["message"]) == (400, True)
    assert not Decision.objects.exists()


def test_where_a_decision_stands_a_supervisor_gives_a_reason_and_others_may_not(case: Case, people: People) -> None:
    first = hashes(case)[0]
    assert decide(Script(people.investigator), case, first, "1")[0] == 201
    assert code(decide(Script(people.colleague), case, first, "2", reason="no")) == (403, "not-allowed")
    supervisor = Script(people.supervisor)
    assert code(decide(supervisor, case, first, "2")) == (400, "reason-needed")
    status, made = decide(supervisor, case, first, "2", reason="clearer in the light")
    assert (status, made["superseded"]) == (201, "1")
    rows = supervisor.all(f"cases/{case.public_id}/decisions", "decisions", limit=1)
    assert [(row["code"], row["in_force"], row["by"]) for row in rows] == [
        ("1", False, "Investigator"),
        ("2", True, "Supervisor"),
    ]
    assert (rows[1]["supersedes"], rows[1]["reason"]) == (rows[0]["id"], "clearer in the light")


UNFIT: tuple[tuple[Any, tuple[int, str]], ...] = (
    # a content of another case is not there
    ({"sha256": SHA, "code": "1"}, (404, "not-found")),
    ({"sha256": "00", "code": "1"}, (400, "bad-input")),
    ({"code": "1"}, (400, "bad-input")),
    # a slip in a name is no silent loss
    ({"sha256": SHA, "code": "1", "veiwed": True}, (400, "bad-input")),
    # nobody says by a script that he looked
    ({"sha256": SHA, "code": "1", "viewed": True}, (400, "bad-input")),
    ({"sha256": SHA, "code": "1", "reason": "nul \0"}, (400, "bad-input")),
    ("{", (400, "bad-input")),
    ("[" * 100_000, (400, "bad-input")),
    ('{"sha256": "\\ud800"}', (400, "bad-input")),
    (b'{"sha256": "\xff"}', (400, "bad-input")),
)


def test_of_a_decision_that_does_not_fit_nothing_is_written(case: Case, people: People) -> None:
    script = Script(people.investigator)
    for body, wanted in UNFIT:
        assert code(script.post(f"cases/{case.public_id}/decisions", body)) == wanted, str(body)[:100]
    assert not Act.objects.exists()


def test_an_unknown_code_and_a_closed_case_are_said(case: Case, people: People) -> None:
    script, first = Script(people.investigator), hashes(case)[0]
    assert code(decide(script, case, first, "Z")) == (400, "unknown-category")
    investigations.close(case=case, by=people.supervisor, reason="done")
    assert code(decide(script, case, first)) == (409, "case-closed")


def test_of_another_agencys_case_nothing_is_there(case: Case, people: People) -> None:
    script = Script(people.outsider)
    for path in ("", "/contents", "/decisions"):
        assert code(script.get(f"cases/{case.public_id}{path}")) == (404, "not-found")
    assert code(decide(script, case, hashes(case)[0])) == (404, "not-found")
    assert code(script.get("cases/no-uuid")) == (404, "not-found")


def test_a_form_is_no_json(case: Case, people: People) -> None:
    script = Script(people.investigator)
    answer = script._client().post(
        f"/api/v1/cases/{case.public_id}/decisions", {"sha256": SHA, "code": "1"}, secure=True
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unknown-type")


def test_of_a_wrong_method_the_right_ones_are_named(case: Case, people: People) -> None:
    answer = Script(people.investigator)._client().delete(f"/api/v1/cases/{case.public_id}/decisions", secure=True)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "wrong-method")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
