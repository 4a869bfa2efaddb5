"""Side trips at the desk: what stands beside a unit, always veiled, and back at the very same unit."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser import desk
from tests.browser.conftest import World
from tests.browser.desk import PATIENCE, focused

pytestmark = pytest.mark.browser


def arrows_go_through(page: Page, tiles: Locator) -> None:
    """From the first of the tiles of a side trip, which has the focus, to the last, and no further."""
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(tiles.nth(3)).to_be_focused()  # two lie beside each other
    page.keyboard.press("Home")
    expect(tiles.first).to_be_focused()
    page.keyboard.press("End")
    expect(tiles.last).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tiles.last).to_be_focused()


def test_a_side_trip_shows_veils_only_and_comes_back_to_the_same_unit(
    at_desk: Callable[..., Page], world: World
) -> None:
    page, clear = at_desk("kim"), list[str]()
    desk.claim(page, world.fresh_case())
    page.keyboard.press("ArrowRight")
    here = desk.item(page)
    page.wait_for_timeout(300)  # the pictures in focus and next are there

    def asked(request: Request) -> None:
        if request.url.endswith("/clear"):
            clear.append(request.url)

    page.on("request", asked)
    page.keyboard.press("d")
    beside = page.get_by_role("complementary", name="Beside the queue")
    tiles = beside.locator("li button")
    expect(tiles).to_have_count(7, timeout=PATIENCE)
    expect(tiles.first.locator("img")).to_have_attribute("src", re.compile("^blob:"))
    expect(tiles.first).to_contain_text("In your batch")
    expect(tiles.first).to_be_focused()  # so that arrows go on from it
    arrows_go_through(page, tiles)
    expect(page.locator('[data-part="inspector"]')).to_be_hidden()
    page.keyboard.press("Escape")
    expect(beside).to_be_hidden()
    expect(focused(page)).to_be_focused()
    assert (desk.item(page), clear) == (here, [])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="similar").click()
    expect(beside).to_contain_text("Similar to this")
    page.keyboard.press("d")
    expect(tiles).to_have_count(7)
    third = tiles.nth(3)
    wanted = third.get_attribute("data-item")
    third.press("Enter")
    expect(beside).to_be_hidden()
    assert desk.item(page) == wanted
    strip = page.locator(".context")
    expect(strip.locator("img")).to_have_count(8, timeout=PATIENCE)  # four before it, itself, three behind
    expect(strip).to_contain_text("not recorded")  # no device
    tall = strip.bounding_box()
    page.keyboard.press("ArrowRight")
    expect(strip.locator("img")).to_have_count(0)  # until the focus rests
    assert strip.bounding_box() == tall
    page.keyboard.press("Enter")
    with page.expect_request("**/strip?*") as request:
        pass
    assert str(desk.item(page)) in request.value.url
    page.keyboard.down("e")
    expect(page.locator(".stage.large .frame img.clear")).to_be_visible(timeout=PATIENCE)
    page.keyboard.up("e")
    [act] = desk.saved(page, lambda: page.keyboard.press("x"))
    [look] = act["viewings"]
    assert 0 < look["enlarged_ms"] <= look["revealed_ms"]
    strip.get_by_role("button", name="1 before").click(timeout=PATIENCE)
    expect(beside).to_contain_text("Same folder")


def test_a_filter_is_shown_with_its_batch_and_the_field_of_the_top_bar_goes_anywhere(
    at_desk: Callable[..., Page], world: World
) -> None:
    page, case = at_desk("kim"), world.fresh_case()
    page.goto(f"{case}queue/")
    page.get_by_label("Folder and what is below").fill("nothing/here")
    page.get_by_role("button", name="Show how many").click()
    expect(page.get_by_role("status").first).to_contain_text("0 items")
    page.get_by_role("link", name="Drop the filter").click()
    page.get_by_label("Order", exact=True).select_option("size")
    page.get_by_label("Size to, MB").fill("0.2")
    page.get_by_role("button", name="Show how many").click()
    page.get_by_role("button", name="Review these").click()
    desk.ready(page)
    chip = page.locator('.chip:has([data-part="waiting"])')
    expect(chip).to_contain_text("size, largest first")
    expect(chip).to_contain_text("+1")
    expect(chip).to_contain_text("0 items wait")
    page.locator("[data-goto]").fill("BR-FU")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="BR-FULL")).to_be_visible(timeout=PATIENCE)
