"""The map: where items were taken, near ones as one, whatever became of them; and the drawing without any map data."""

import json

import pytest
from django.db import connection

from cases import found_at, graticule, metadata
from cases.models import Case, Item
from cases.queue import asking
from cases.queue.filters import Wanted
from cases.queue.picking import Asked
from tests import factories
from tests.people import signed_in
from workbench.models import User

pytestmark = pytest.mark.django_db
PLACES = [(51.5, -0.12), (51.5001, -0.1201), (48.2, 16.4), (51.45, -0.13)]


@pytest.fixture
def items(case: Case) -> list[Item]:
    """Three in one town, two of them at one spot, one in another; and one without a place."""
    exhibit = factories.exhibit(case)
    made = [factories.item(exhibit, str(place)) for place in PLACES]
    for item, (latitude, longitude) in zip(made, PLACES, strict=True):
        Item.objects.filter(pk=item.pk).update(latitude=latitude, longitude=longitude, state="decided")
    factories.item(exhibit, "nowhere")
    return made


def test_items_near_each_other_are_one_spot_until_somebody_goes_closer(case: Case, items: list[Item]) -> None:
    box = found_at.extent(case)
    assert box == (48.2, -0.13, 51.5001, 16.4)
    far = found_at.spots(case, graticule.sheet(box).box)
    assert [spot.items for spot in far] == [3, 1]
    near = found_at.spots(case, graticule.sheet(far[0].box).box)
    assert [spot.items for spot in near] == [2, 1]
    assert near[0].latitude == pytest.approx(51.50005)


def test_a_place_that_is_none_on_the_globe_and_an_item_that_left_are_on_no_map(case: Case, items: list[Item]) -> None:
    Item.objects.filter(pk=items[0].pk).update(latitude=float("nan"))
    Item.objects.filter(pk=items[1].pk).update(longitude=200)
    Item.objects.filter(pk=items[2].pk).update(state="excluded")
    assert found_at.extent(case) == (51.45, -0.13, 51.45, -0.13)


def test_0_0_is_no_place_on_the_map_nor_in_filters_and_the_page_says_so(
    case: Case, dana: User, sam: User, items: list[Item]
) -> None:
    Item.objects.filter(pk__in=[item.pk for item in items[:3]]).update(state="open")  # which reads its facts anew
    Item.objects.filter(pk__in=[items[0].pk, items[1].pk]).update(latitude=0, longitude=0)
    Item.objects.filter(pk=items[2].pk).update(latitude=0, longitude=0.001)  # a place near it
    Item.objects.filter(pk=items[3].pk).update(latitude=51.45, longitude=-0.13)
    assert found_at.extent(case) == (0, -0.13, 51.45, 0.001)
    address = f"/cases/{case.public_id}/map/"
    page = signed_in(dana).get(f"{address}?item={items[0].public_id}").content.decode()
    assert "2 items here" in page
    assert "2 items say 0, 0" in page
    assert "This item lies at" not in page
    assert "?box=0%2C0%2C0%2C0" in page
    assert "?box=0%2C0%2C0%2C0" not in signed_in(sam).get(address).content.decode()  # who claims nothing
    fitting = {
        box or "place": asking.holding(Asked(case, dana, "alike", Wanted(box=box, place=not box)))
        for box in (None, (-1.0, -1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0))
    }
    assert list(fitting.values()) == [1, 1, 2]
    queue = signed_in(dana).get(f"/cases/{case.public_id}/queue/?box=0,0,0,0").content.decode()
    assert "0, 0: no place known" in queue
    assert metadata.place(0.0, 0.0) == "0, 0: written where the device knew no place"
    assert metadata.place(0.0, 0.001) == "0.00000, 0.00100"


def test_spots_are_read_from_an_index_alone(case: Case, items: list[Item]) -> None:
    south, west, north, east = 51.0, -1.0, 52.0, 1.0
    values = {"case": case.pk, "south": south, "west": west, "north": north, "east": east, "tall": 1.0, "wide": 2.0}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {found_at.GATHERED}", values)
        plan = json.dumps(cursor.fetchone()[0])
    assert '"Index Only Scan"' in plan
    assert '"item_place"' in plan


SHEETS: list[tuple[graticule.Box, int, int]] = [
    ((51.5, -0.12, 51.5, -0.12), 50, 101),  # one spot: 260 m from top to bottom
    ((51.4, -0.2, 51.6, 0.1), 5000, 101),
    ((-60.0, -180.0, 70.0, 180.0), 5_000_000, 97),
]


@pytest.mark.parametrize(("box", "metres", "pixels"), SHEETS)
def test_a_drawing_holds_its_box_with_lines_at_round_degrees_and_a_scale(
    box: graticule.Box, metres: int, pixels: int
) -> None:
    sheet = graticule.sheet(box)
    for latitude, longitude in ((box[0], box[1]), (box[2], box[3])):
        assert 0 <= sheet.x(longitude) <= graticule.WIDE
        assert 0 <= sheet.y(latitude) <= graticule.TALL
    assert sheet.scale() == (metres, pixels)
    for lines in (sheet.meridians(), sheet.parallels()):
        assert 1 <= len(lines) <= 2 * graticule.LINES
        assert all(len(f"{line.degrees:g}") <= 9 for line in lines)


def test_the_page_marks_the_item_and_leads_to_the_queue_of_its_rectangle(
    case: Case, dana: User, sam: User, items: list[Item]
) -> None:
    address = f"/cases/{case.public_id}/map/?item={items[0].public_id}"
    page = signed_in(dana).get(address).content.decode()
    assert "4 items here" in page
    assert "This item lies at 51.50000, -0.12000." in page
    ask = page.split("Ask the queue")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "box=" in ask
    assert signed_in(dana).get(ask).status_code == 200
    assert "Ask the queue" not in signed_in(sam).get(address).content.decode()  # who claims nothing
    assert "1 item here" in signed_in(dana).get(f"/cases/{case.public_id}/map/?box=48,16,49,17").content.decode()


@pytest.mark.parametrize("asked", ["box=1,2,3", "box=9,0,8,0", "box=nan,0,1,1", "item=x"])
def test_what_is_no_box_or_item_is_refused(case: Case, dana: User, asked: str) -> None:
    assert signed_in(dana).get(f"/cases/{case.public_id}/map/?{asked}").status_code == 400


def test_without_any_place_the_page_says_so(case: Case, dana: User) -> None:
    assert "No place is recorded" in signed_in(dana).get(f"/cases/{case.public_id}/map/").content.decode()
