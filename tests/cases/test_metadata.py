"""What files say of themselves is shown, found and exported, and everywhere as honest about time as the file."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import listing, metadata
from cases.listing import Wanted
from cases.models import Case, Item, Metadata
from tests import factories
from tests.cases.exports import scene
from tests.cases.test_pages import signed_in
from tests.people import People

pytestmark = pytest.mark.django_db

NOON = datetime(2020, 5, 4, 12, 0, tzinfo=UTC)
SAID: dict[str, dict[str, Any]] = {
    "lake": {"make": "Canon", "model": "Canon EOS 5D", "serial": "0042", "taken_text": "2020:05:04 12:00:00",
             "taken_at": NOON, "taken_zone": "none", "latitude": 51.5, "longitude": -0.125, "software": "Painter 3",
             "more": {"LensModel": "<b>50 mm</b>"}},
    "ridge": {"make": "Apple", "model": "iPhone 12", "taken_text": "2020-05-05T14:00:00+0200",
              "taken_at": datetime(2020, 5, 5, 12, 0, tzinfo=UTC), "taken_zone": "offset"},
    "dune": {"make": "CANON", "model": "100%_sharp", "taken_text": "long ago"},
}  # fmt: skip


@pytest.fixture
def case(people: People) -> Case:
    made = scene.made(people)
    for text, said in SAID.items():
        Metadata.objects.create(content=scene.content(made, text), **said)
    return made


def found(case: Case, **wanted: Any) -> list[str]:
    return [row["name"] for row in listing.items(case, Wanted(**wanted), by=case.lead).rows]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"camera": "canon"}, ["lake.jpg", "dune.jpg"]),
        ({"camera": "CANON EOS"}, ["lake.jpg"]),
        ({"camera": "iphone"}, ["ridge.jpg"]),
        ({"camera": "0042"}, ["lake.jpg"]),
        ({"camera": "100%_"}, ["dune.jpg"]),
        ({"camera": "%"}, []),
        ({"camera": "eos"}, []),
        ({"taken_from": date(2020, 5, 5)}, ["ridge.jpg"]),
        ({"taken_to": date(2020, 5, 4)}, ["lake.jpg"]),
        ({"taken_from": date(2020, 5, 4), "taken_to": date(2020, 5, 5)}, ["lake.jpg", "ridge.jpg"]),
        ({"has_place": True}, ["lake.jpg"]),
        ({"has_place": True, "camera": "apple"}, []),
    ],
)
def test_items_are_found_by_what_they_say(case: Case, wanted: dict[str, Any], names: list[str]) -> None:
    assert found(case, **wanted) == [*names]


def test_another_agencys_camera_finds_nothing_here(case: Case, people: People) -> None:
    theirs = factories.case(people.outsider)
    factories.item(factories.exhibit(theirs), "lake")
    assert found(theirs, camera="canon") == []


@pytest.mark.parametrize("wanted", [{"camera": "canon"}, {"taken_from": date(2020, 5, 5)}])
def test_the_search_is_one_statement_that_can_use_an_index(case: Case, wanted: dict[str, Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        found(case, **wanted)
    _owed, query = queries
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {query['sql']}".replace("%", "%%"), [])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    names = ("metadata_make", "metadata_model", "metadata_serial") if "camera" in wanted else ("metadata_taken",)
    assert all(name in plan for name in names), plan


def test_the_page_of_items_keeps_its_filters_and_refuses_damaged_ones(case: Case, people: People) -> None:
    client, address = signed_in(people.investigator), f"/cases/{case.public_id}/items/"
    answer = client.get(f"{address}?camera=canon&taken_to=2020-05-04&has_place=1")
    text = answer.content.decode()
    assert "lake.jpg" in text
    assert "ridge.jpg" not in text
    assert 'value="canon"' in text
    assert 'value="2020-05-04"' in text
    assert client.get(f"{address}?taken_from=yesterday").status_code == 400


def test_the_page_of_an_item_shows_it_as_text(case: Case, people: People) -> None:
    item = Item.objects.get(content=scene.content(case, "lake"))
    text = signed_in(people.investigator).get(f"/items/{item.public_id}/").content.decode()
    for shown in ("Canon EOS 5D", "0042", "Painter 3", "51.50000, -0.12500", "2020-05-04 12:00:00", "zone unknown"):
        assert f"<bdi>{shown}" in text or f"{shown})</bdi>" in text
    assert "<bdi>&lt;b&gt;50 mm&lt;/b&gt;</bdi>" in text


def test_times_are_as_honest_as_the_file() -> None:
    assert metadata.taken("", NOON, "none") == "2020-05-04T12:00:00"
    assert metadata.taken("", NOON, "offset") == "2020-05-04T12:00:00Z"
    assert metadata.taken("long ago", None, "none") == "long ago"


def test_the_schedule_has_camera_time_and_place(case: Case, people: People) -> None:
    text = scene.members(scene.build(case, people.supervisor, "schedule"))["schedule.csv"].decode("utf-8-sig")
    rows = {row["path"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    columns = ("camera", "serial", "taken", "taken_zone", "latitude", "longitude")
    assert [rows["DCIM/lake.jpg"][name] for name in columns] == [
        "Canon EOS 5D", "0042", "2020-05-04T12:00:00", "none", "51.5", "'-0.125",
    ]  # fmt: skip
    assert [rows["DCIM/ridge.jpg"][name] for name in columns][:4] == [
        "Apple iPhone 12", "", "2020-05-05T12:00:00Z", "offset",
    ]  # fmt: skip
    assert [rows["clip.mp4"][name] for name in columns] == [""] * 6


def test_a_vics_record_of_ours_carries_it_as_exifs(case: Case, people: People) -> None:
    records = {bytes.fromhex(one["MD5"]): one for one in scene.media(scene.build(case, people.supervisor))}
    lake = records[bytes(scene.content(case, "lake").md5)]
    assert {each["MD5"] for each in lake["Exifs"]} == {lake["MD5"]}
    assert [(each["PropertyName"], each["PropertyValue"]) for each in lake["Exifs"]] == [
        ("Make", "Canon"), ("Model", "Canon EOS 5D"), ("Serial Number", "0042"), ("Software", "Painter 3"),
        ("Capture Time", "2020-05-04T12:00:00"), ("Latitude", "51.5"), ("Longitude", "-0.125"),
    ]  # fmt: skip
    assert "Exifs" not in records[bytes(scene.content(case, "clip").md5)]


@pytest.mark.parametrize("product", ["vics", "schedule"])
def test_exports_with_it_are_the_same_bytes_twice(case: Case, people: People, product: str) -> None:
    made = []
    for _ in range(2):
        with scene.forgotten():
            made.append(scene.members(scene.build(case, people.supervisor, product)))
    assert made[0] == made[1]
