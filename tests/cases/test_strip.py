"""The context strip: what lies beside an item, in which order, without reading more of a folder than it takes."""

import json
import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from cases import investigations, neighbours, review, strip
from cases.models import Case, Content, FileInstance, Item, Metadata
from tests import factories
from tests.people import signed_in
from workbench.models import User

pytestmark = pytest.mark.django_db
PLACED = {"make": "Tern", "model": "T1", "serial": "0042", "taken_zone": "none", "latitude": 51.5, "longitude": -0.12}


def folder(case: Case, paths: list[str]) -> dict[str, Item]:
    exhibit = factories.exhibit(case)
    return {path: factories.item(exhibit, path, path) for path in paths}


def beside(item: Item) -> tuple[list[str], list[str]]:
    made = strip.of(item)
    return [one.name for one in made.before], [one.name for one in made.behind]


SCENES: list[tuple[str, list[str], tuple[list[str], list[str]]]] = [
    ("in/e", [f"in/{name}" for name in "abcdefghij"], (["a", "b", "c", "d"], ["f", "g", "h", "i"])),
    # at the edge of a folder there are fewer; what lies below it, or in one whose name begins so, is not in it
    ("in/b", ["in/a", "in/b", "in/below/c", "inside/a"], (["a"], [])),
    # by name whatever the case of its letters, in archives of other systems too
    ("x\\B", ["x\\a", "x\\B", "x\\c"], (["a"], ["c"])),
    ("alone", ["alone"], ([], [])),
]


@pytest.mark.parametrize(("of", "paths", "expected"), SCENES)
def test_neighbours_are_those_of_the_same_folder_in_the_order_of_names(
    case: Case, of: str, paths: list[str], expected: tuple[list[str], list[str]]
) -> None:
    assert beside(folder(case, paths)[of]) == expected


def test_members_of_one_archive_do_not_lie_beside_those_of_another(case: Case) -> None:
    made = folder(case, ["one.zip", "other.zip", "in/a", "in/b", "in/c"])
    holder = {name: FileInstance.objects.get(raw_path=name.encode()) for name in ("one.zip", "other.zip")}
    for name, within in (("in/a", "one.zip"), ("in/b", "one.zip"), ("in/c", "other.zip")):
        FileInstance.objects.filter(content=made[name].content_id).update(parent=holder[within])
    assert beside(made["in/a"]) == ([], ["b"])


def test_a_copy_in_the_folder_is_shown_once_and_what_left_the_case_is_not(case: Case) -> None:
    made = folder(case, ["in/a", "in/b", "in/c"])
    file = FileInstance.objects.get(raw_path=b"in/b")
    factories.file(file.exhibit, made["in/b"].content, "in/d")
    Item.objects.filter(pk=made["in/c"].pk).update(state="excluded")
    assert beside(made["in/a"]) == ([], ["b"])


def test_device_and_times_are_told_with_their_zone(case: Case) -> None:
    item = folder(case, ["in/a"])["in/a"]
    FileInstance.objects.filter(content=item.content_id).update(modified="2024-05-01T10:11:12.5+00:00")
    Metadata.objects.create(content=item.content, taken_at=datetime(2024, 5, 1, 9, tzinfo=UTC), **PLACED)
    assert dict(strip.of(item).facts) == {
        "Folder": "/in", "Name": "a", "Device": "Tern T1 · serial number 0042",
        "Taken": "2024-05-01 09:00:00 (the camera's own clock, zone unknown)",
        "File time": "2024-05-01 10:11:12 (UTC)", "Place": "51.50000, -0.12000",
    }  # fmt: skip


TIMES = [
    ("2024-05-01T10:11:12", "2024-05-01 10:11:12 (zone unknown)"),
    ("2024-05-01T10:11:12Z", "2024-05-01 10:11:12 (UTC)"),
    ("2024-05-01T10:11:12+02:00", "2024-05-01 10:11:12+02:00"),
    ("", ""),
]


@pytest.mark.parametrize(("said", "told"), TIMES)
def test_a_file_time_says_whose_zone_it_is(case: Case, said: str, told: str) -> None:
    item = folder(case, ["in/a"])["in/a"]
    FileInstance.objects.update(modified=said)
    assert dict(strip.of(item).facts)["File time"] == told


def test_neighbours_are_found_by_index_and_no_further_than_the_walk(case: Case) -> None:
    item = folder(case, ["in/a"])["in/a"]
    at = neighbours.place(item)
    assert at is not None
    values = neighbours.values_of(at) | {"walk": strip.WALK}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for way in neighbours.WAYS.values():
            cursor.execute("EXPLAIN (FORMAT JSON) " + neighbours.WALK.format(**way), values)
            [plan] = cursor.fetchone()[0]
            scan = plan["Plan"]["Plans"][0]
            assert (plan["Plan"]["Node Type"], scan.get("Index Name")) == ("Limit", "file_beside")
            assert "ROW(" in scan["Index Cond"]  # it begins at the item


def parts(body: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(body):
        [length] = struct.unpack_from(">I", body, at)
        found.append(body[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def test_the_strip_comes_with_veils_and_tells_no_ids(case: Case, dana: User) -> None:
    made = folder(case, ["in/a", "in/b", "in/c"])
    Content.objects.update(veil=b"veil")
    Content.objects.filter(pk=made["in/c"].content_id).update(veil=None)
    Metadata.objects.create(content=made["in/b"].content, **PLACED)
    batch = review.claim(case=case, by=dana)
    address = f"/api/v1/batches/{batch.public_id}/strip"
    head, *veils = parts(signed_in(dana).get(f"{address}?item={made['in/b'].public_id}").content)
    told: dict[str, Any] = json.loads(head)
    assert (told["names"], told["before"], veils) == (["a", "c"], 1, [b"veil", b""])
    assert told["map"] == f"/cases/{case.public_id}/map/?item={made['in/b'].public_id}"
    assert signed_in(dana).get(f"{address}?item=b").status_code == 400
    elsewhere = folder(investigations.create(number="C-9", name="x", scheme_id="landscapes-t1", by=dana), ["a"])["a"]
    assert signed_in(dana).get(f"{address}?item={elsewhere.public_id}").status_code == 404
