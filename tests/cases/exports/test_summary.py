"""The numbers of the summary are those of a recount by hand, and the page is safe to open anywhere."""

import json
from typing import Any

import pytest
from django.db import connection

from cases import decisions, figures, investigations, matching
from cases.models import Case, Content
from hashsets import policies
from hashsets.models import HashSet
from tests import factories
from tests.cases.exports import scene
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(people: People) -> Case:
    """Two decided, one known, two open; one rejected file."""
    case = scene.made(people)
    factories.item(case.exhibits.get(ref="NM-10"), "reef", "reef.jpg")
    scene.decide(case, "lake", "1", people.investigator)
    scene.decide(case, "clip", "2", people.investigator, viewed=False)
    scene.known(case, "ridge", "2", people.supervisor)
    return case


def counted(case: Case, people: People) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(scene.members(scene.build(case, people.supervisor, "summary"))["figures.json"])
    return found


def by_hand(sql: str, *values: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def test_decided_counts_are_those_of_a_recount(case: Case, people: People) -> None:
    rows = [row for row in counted(case, people)["counts"] if row["code"] and not row["known"]]
    ours = {(row["code"], row["exhibit"], row["kind"]): (row["unique"], row["instances"]) for row in rows}
    recount = by_hand(
        "SELECT s.code, x.ref, c.kind, count(DISTINCT c.id), count(*) FROM cases_fileinstance f"
        " JOIN cases_exhibit x ON x.id = f.exhibit_id JOIN cases_content c ON c.id = f.content_id"
        " JOIN cases_standing s ON s.content_id = c.id WHERE x.case_id = %s GROUP BY 1, 2, 3",
        case.pk,
    )
    assert {key: numbers for key, numbers in ours.items() if key[1]} == {row[:3]: row[3:] for row in recount}
    assert ours["1", None, "still"] == (1, 2)
    assert ours["2", None, "video"] == (1, 1)


def test_totals_are_the_figures_of_the_case(case: Case, people: People) -> None:
    whole = [row for row in counted(case, people)["counts"] if row["exhibit"] is None]
    now = figures.of(case)
    assert sum(row["unique"] for row in whole) == now.unique == 5
    assert sum(row["unique"] for row in whole if row["known"]) == now.known == 1
    assert sum(row["instances"] for row in whole) + 1 == now.files, "the rejected file is in the ledger only"


def test_every_content_has_one_basis(case: Case, people: People) -> None:
    assert counted(case, people)["bases"] == {"viewed": 1, "veiled": 1, "set": 1, "open": 2}


def test_what_a_set_proposed_and_a_person_confirmed_is_told_as_that(case: Case, people: People) -> None:
    hash_set = HashSet.objects.get(name="Reference")
    policies.set_policy(hash_set, agency=case.agency, action="propose", by=people.supervisor)
    matching.rematch(case.agency_id, hash_set.pk)
    items = list(case.item_set.filter(state="confirm").values_list("public_id", flat=True))
    assert decisions.confirm(case=case, items=items, by=people.investigator) == 1
    assert counted(case, people)["bases"] == {"viewed": 1, "veiled": 1, "confirmed": 1, "open": 2}
    page = scene.members(scene.build(case, people.supervisor, "summary"))["summary.html"].decode()
    assert "Confirmed as a hash set proposed; nobody here looked" in page
    assert "look-alike" not in page
    assert "Not decided yet" in page


def test_the_ledger_adds_up(case: Case, people: People) -> None:
    found = counted(case, people)
    for exhibit in found["exhibits"]:
        outcomes = ("accepted", "without_preview", "rejected", "pending")
        assert exhibit["seen"] == sum(exhibit[name] for name in outcomes)
    assert found["rejected"] == {"unreadable": 1}


def test_the_page_says_scheme_event_and_rules(case: Case, people: People) -> None:
    export = scene.build(case, people.supervisor, "summary")
    page = scene.members(export)["summary.html"].decode()
    for text in (f"As of event</dt><dd>{export.as_of}<", "Landscapes T1, version 1", "Exact copies are counted once."):
        assert text in page
    assert bytes(export.state_digest).hex() in page
    assert "<script" not in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")


def test_texts_of_people_are_no_markup(people: People) -> None:
    case = factories.case(people.investigator)
    Case.objects.filter(pk=case.pk).update(name="<img src=x onerror=alert(1)>\u202e")
    factories.item(factories.exhibit(case, "<b>NM</b>"), "lake")
    page = scene.members(scene.build(case, people.supervisor, "summary"))["summary.html"].decode()
    assert "<img" not in page
    assert "<b>NM" not in page
    assert "\u202e" not in page


def test_a_case_without_evidence_has_a_page_too(people: People) -> None:
    page = scene.members(scene.build(factories.case(people.investigator), people.supervisor, "summary"))
    assert "The case holds no pictures or videos." in page["summary.html"].decode()


def test_a_closed_case_keeps_the_decisions_it_had(case: Case, people: People) -> None:
    other = factories.case(people.investigator)
    factories.item(factories.exhibit(other), "lake")
    investigations.close(case=case, by=people.supervisor, reason="over")
    before = scene.build(case, people.supervisor, "summary")
    held = Content.objects.get(pk=scene.content(case, "lake").pk)
    scene.supersede(other, held, "3", people.supervisor)
    assert scene.build(case, people.supervisor, "summary") == before
