"""The problems of a case as a file to keep: whole, grouped, safe in a spreadsheet, with the names as they were."""

import base64
import csv
import io
import json
from typing import Any

import pytest

from cases import problems
from cases.models import Case, Exhibit
from tests import factories
from tests.people import People, signed_in
from workbench.models import AuditEvent, User

pytestmark = pytest.mark.django_db(transaction=True)
FORMULA = "=HYPERLINK(1)\u202egpj.exe"


@pytest.fixture
def case(people: People) -> Case:
    """Two exhibits with problems for two reasons, one name of which would be a formula."""
    case = factories.case(people.investigator)
    for ref in ("NM-01", "NM-02"):
        exhibit = factories.exhibit(case, ref)
        factories.rejected(exhibit, FORMULA, "unreadable")
        factories.rejected(exhibit, "late.png", "changed-during-read")
    return case


def fetched(by: User, case: Case, kind: str, **asked: str) -> bytes:
    answer: Any = signed_in(by).get(f"/cases/{case.public_id}/problems/{kind}/", asked, secure=True)
    assert answer.streaming
    assert answer["Content-Disposition"].startswith('attachment; filename="problems-')
    return b"".join(answer)


def test_of_a_csv_no_cell_is_a_formula_and_the_raw_name_is_beside_it(case: Case) -> None:
    rows = list(csv.DictReader(io.StringIO(fetched(case.lead, case, "csv").decode("utf-8-sig"), newline="")))
    assert [(row["reason"], row["exhibit"]) for row in rows] == [
        ("changed-during-read", "NM-01"),
        ("changed-during-read", "NM-02"),
        ("unreadable", "NM-01"),
        ("unreadable", "NM-02"),
    ]
    assert rows[2]["name"] == "'=HYPERLINK(1)\\u202egpj.exe"
    assert base64.b64decode(rows[2]["name_b64"]) == FORMULA.encode()
    assert rows[2]["outcome"] == "rejected-with-reason"


def test_of_json_lines_each_line_is_one_file(case: Case) -> None:
    rows = [json.loads(line) for line in fetched(case.lead, case, "jsonl").splitlines()]
    assert len(rows) == 4
    assert rows[0]["size"] is None
    assert {base64.b64decode(row["name_b64"]) for row in rows} == {FORMULA.encode(), b"late.png"}


def test_of_what_is_filtered_only_that_is_in_the_file(case: Case) -> None:
    exhibit = Exhibit.objects.get(ref="NM-02")
    lines = fetched(case.lead, case, "jsonl", exhibit=str(exhibit.public_id), reason="unreadable").splitlines()
    assert [json.loads(line)["exhibit"] for line in lines] == ["NM-02"]


def test_of_a_download_the_log_tells(case: Case) -> None:
    fetched(case.lead, case, "csv")
    event = AuditEvent.objects.get(verb="problems.fetch")
    assert (event.actor, event.case) == (case.lead.username, case.public_id)


def test_of_another_kind_there_is_no_file(case: Case) -> None:
    assert signed_in(case.lead).get(f"/cases/{case.public_id}/problems/xlsx/", secure=True).status_code == 400


def test_of_many_problems_the_file_holds_all(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems, "AT_ONCE", 1)
    assert len(fetched(case.lead, case, "jsonl").splitlines()) == 4
