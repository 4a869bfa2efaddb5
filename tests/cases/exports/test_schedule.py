"""The schedule lists every place, says who decided, and no spreadsheet takes a name for a formula."""

import base64
import csv
import io
import json

import pytest

from cases.models import Case, Export, FileInstance, SecondOpinion, Standing
from cases.moments import Moment
from tests import factories
from tests.cases.exports import scene
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(people: People) -> Case:
    return scene.made(people)


def table(export: Export) -> list[dict[str, str]]:
    text = scene.members(export)["schedule.csv"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def raw(export: Export) -> list[dict[str, object]]:
    return [json.loads(line) for line in scene.members(export)["schedule.jsonl"].splitlines()]


def test_one_line_for_every_place_in_natural_order_of_exhibits(case: Case, people: People) -> None:
    rows = table(scene.build(case, people.supervisor, "schedule"))
    assert [(row["row"], row["exhibit"], row["path"]) for row in rows] == [
        ("1", "NM-2", "DCIM/dune.jpg"),
        ("2", "NM-2", "DCIM/lake.jpg"),
        ("3", "NM-2", "DCIM/ridge.jpg"),
        ("4", "NM-10", "clip.mp4"),
        ("5", "NM-10", "copy of lake.jpg"),
    ]
    assert [row["copies"] for row in rows] == ["1", "2", "1", "1", "2"]
    assert [row["kind"] for row in rows] == ["still", "still", "still", "video", "still"]


def test_a_decision_names_person_time_basis_and_second_opinions(case: Case, people: People) -> None:
    scene.decide(case, "lake", "1", people.investigator)
    decision = Standing.objects.get(content=scene.content(case, "lake")).decision
    SecondOpinion.objects.create(
        decision=decision,
        act=decision.act,
        by=people.colleague,
        decided_by=people.investigator,
        code="2",
        reason="flag",
    )
    row = table(scene.build(case, people.supervisor, "schedule"))[1]
    assert (row["category"], row["category_name"], row["basis"], row["state"]) == ("1", "Alpine", "viewed", "decided")
    assert (row["decided_by"], row["second_opinions"]) == (people.investigator.name, "1")
    assert row["decided_at"] == decision.at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_file_of_a_disk_image_says_whether_it_was_deleted_and_where_it_lies(case: Case, people: People) -> None:
    about = {"created": "2021-03-04T05:06:07", "zone": "local", "deleted": True, "offset": 8_530_944}
    FileInstance.objects.filter(raw_path=b"DCIM/dune.jpg").update(about=about)
    dune, lake, *_ = raw(scene.build(case, people.supervisor, "schedule"))
    columns = ("deleted", "unallocated", "offset", "created", "accessed")
    assert [dune[name] for name in columns] == [True, False, 8_530_944, "2021-03-04T05:06:07", None]
    assert [lake[name] for name in columns] == [None] * 5


def test_what_a_set_knows_names_set_version_and_scheme(case: Case, people: People) -> None:
    scene.known(case, "ridge", "1", people.supervisor, scheme="us-pvic")
    row = raw(scene.build(case, people.supervisor, "schedule"))[2]
    known = ("known_in", "known_version", "known_category", "known_scheme")
    assert [row[name] for name in known] == ["Reference", 1, "1", "us-pvic"]
    assert (row["category"], row["basis"], row["state"], row["decided_by"]) == (None, None, "known", None)


def test_a_set_of_the_same_scheme_gives_the_category(case: Case, people: People) -> None:
    scene.known(case, "ridge", "2", people.supervisor)
    row = raw(scene.build(case, people.supervisor, "schedule"))[2]
    assert (row["category"], row["category_name"], row["basis"]) == ("2", "Coastal", "set")


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        (b"=HYPERLINK(1)", "'=HYPERLINK(1)"),
        (b"+1.jpg", "'+1.jpg"),
        (b"-1.jpg", "'-1.jpg"),
        (b"@SUM(A1).jpg", "'@SUM(A1).jpg"),
        ("＝1.jpg".encode(), "'＝1.jpg"),
        (b"\t=1.jpg", "\\t=1.jpg"),
        (b"\r=1.jpg", "\\r=1.jpg"),
        (b'two\n"lines",.jpg', 'two\\n"lines",.jpg'),
        (b"caf\xe9.jpg", "caf\\xe9.jpg"),
        ("\u202egpj.exe".encode(), "\\u202egpj.exe"),
        (b"=\xff", "'=\\xff"),
    ],
)
def test_no_name_is_taken_for_a_formula_and_its_bytes_are_beside_it(people: People, name: bytes, cell: str) -> None:
    case = factories.case(people.investigator)
    exhibit = factories.exhibit(case)
    factories.item(exhibit, "lake", "plain.jpg")
    FileInstance.objects.filter(exhibit=exhibit).update(raw_path=name)
    export = scene.build(case, people.supervisor, "schedule")
    assert table(export)[0]["path"] == cell
    assert base64.b64decode(str(raw(export)[0]["path_b64"])) == name


def test_people_and_exhibits_are_no_formulas_either(people: People) -> None:
    people.investigator.name = "=cmd|' /C calc'!A0"
    people.investigator.save()
    case = factories.case(people.investigator)
    factories.item(factories.exhibit(case, "+NM"), "lake")
    scene.decide(case, "lake", "1", people.investigator)
    row = table(scene.build(case, people.supervisor, "schedule"))[0]
    assert (row["exhibit"], row["decided_by"][:2]) == ("'+NM", "'=")


def test_evidence_that_was_removed_is_not_listed(case: Case, people: People) -> None:
    from django.utils import timezone

    case.exhibits.filter(ref="NM-2").update(removed_at=timezone.now())
    rows = table(scene.build(case, people.supervisor, "schedule"))
    assert {row["exhibit"] for row in rows} == {"NM-10"}


def test_a_taken_back_decision_is_none(case: Case, people: People) -> None:
    scene.decide(case, "lake", "1", people.investigator)
    scene.take_back(case, "lake", people.investigator)
    row = raw(scene.build(case, people.supervisor, "schedule"))[1]
    assert (row["category"], row["basis"], row["decided_by"], row["state"]) == (None, None, None, "open")


def test_the_moment_that_a_decision_rests_on_is_in_every_product_that_has_a_place_for_it(
    case: Case, people: People
) -> None:
    scene.decide_on(case, "clip", "1", people.investigator, Moment(64_250, 3_672_000))
    row = table(scene.build(case, people.supervisor, "schedule"))[3]
    assert (row["path"], row["from_ms"], row["until_ms"]) == ("clip.mp4", "64250", "3672000")
    said = "Decided on 0:01:04.250-1:01:12.000 of the film."
    records = scene.media(scene.build(case, people.supervisor))
    assert [one["Comments"] for one in records if one["MediaFiles"][0]["FileName"] == "clip.mp4"] == [said]
    assert sum("Comments" in record for record in records) == 1
    page = scene.members(scene.build(case, people.supervisor, "summary"))["summary.html"].decode()
    assert "Of 1 film the person marked on what moment the decision rests" in page
