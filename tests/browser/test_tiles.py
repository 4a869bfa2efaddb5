"""What can be seen of a decided item, in the grid and in the viewer; what the keys that do nothing say."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import desk
from tests.browser.conftest import World
from tests.browser.desk import focused, tile

pytestmark = pytest.mark.browser

# The contrast of a label against the brightest and the darkest picture its dimmed veil may be.
CONTRAST = """tile => {
  const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (parts) => parts.map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = rgb(getComputedStyle(tile).backgroundColor);
  const ink = light(rgb(getComputedStyle(tile.querySelector(".verdict")).color));
  const share = Number(getComputedStyle(tile.querySelector("img.veil")).opacity);
  return Math.min(...[0, 255].map((picture) => {
    const behind = light(ground.map((part) => share * picture + (1 - share) * part));
    return (Math.max(ink, behind) + 0.05) / (Math.min(ink, behind) + 0.05);
  }));
}"""


@pytest.fixture
def review(at_desk: Callable[..., Page], world: World) -> Page:
    """Kim's review page with a fresh batch of eight pictures, the first one in focus."""
    page = at_desk("kim")
    desk.claim(page, world.fresh_case())
    return page


def opacity(image: Locator) -> float:
    return float(image.evaluate("node => getComputedStyle(node).opacity"))


def overlap(one: Locator, other: Locator) -> bool:
    """Whether two things on the page lie over each other."""
    a, b = one.bounding_box(), other.bounding_box()
    assert a
    assert b
    across = a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
    return across and a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]


def test_a_decided_tile_is_dimmed_in_both_themes_and_its_label_can_be_read(review: Page) -> None:
    desk.saved(review, lambda: review.keyboard.press("1"))
    for theme in ("dark", "light"):
        review.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        assert opacity(tile(review, 0).locator("img.veil")) < 0.4
        assert opacity(tile(review, 1).locator("img.veil")) > 0.8
        assert tile(review, 0).evaluate(CONTRAST) >= 4.5


def test_unveiling_a_decided_tile_shows_the_picture_and_not_the_verdict_over_it(review: Page) -> None:
    desk.saved(review, lambda: desk.press(review, "1", "ArrowLeft"))
    review.keyboard.down("Space")
    clear = focused(review).locator("img.clear")
    expect(clear).to_be_visible(timeout=desk.PATIENCE)
    assert opacity(clear) == 1
    expect(focused(review).locator(".verdict")).to_be_hidden()
    review.keyboard.up("Space")
    expect(focused(review).locator(".verdict")).to_be_visible()


def test_no_label_lies_over_a_tag_in_the_smallest_tiles_and_the_size_is_remembered(review: Page) -> None:
    desk.unveil(review)
    desk.saved(review, lambda: desk.press(review, "f", "3"), 2)
    for size in ("104", "88"):
        review.keyboard.press("[")
        expect(review.locator('[data-part="size"]')).to_have_text(size)
        label = tile(review, 0).locator(".verdict .ell")
        tags = tile(review, 0).locator(".tag")
        assert tags.count() == 2
        assert [overlap(label, tag) for tag in tags.all()] == [False, False]
    review.reload()
    desk.ready(review)
    expect(review.locator('[data-part="size"]')).to_have_text("88")


def test_viewer_and_inspector_say_what_stands_on_the_item(review: Page) -> None:
    desk.saved(review, lambda: desk.press(review, "x", "s", "ArrowLeft", "f"), 3)
    pill = review.locator('[data-part="inspector"] .pill')
    expect(pill).to_have_text(["Skipped", "Flag"])
    review.keyboard.press("Enter")
    stage = review.get_by_role("region", name="Item in focus")
    expect(stage).to_contain_text("Skipped")
    expect(stage).to_contain_text("Flag")
    expect(review.locator('[data-part="inspector"]')).to_contain_text("Item 2")
    expect(review.locator('[data-part="inspector"]')).to_contain_text("JPEG")
    expect(review.locator('[data-part="inspector"] .hash').first).to_have_text(re.compile("^[0-9a-f]{8}…[0-9a-f]{8}$"))
    review.keyboard.press("ArrowLeft")
    expect(stage).to_contain_text("Unsure")
    expect(review.get_by_text("00 chart.jpg", exact=True).locator("visible=true")).to_have_count(1)


def test_a_key_that_does_nothing_here_says_so_and_the_sheet_lists_only_those_that_do(review: Page) -> None:
    for key in ("9", "q"):
        review.keyboard.press(key)
        expect(review.locator(".scope")).to_contain_text(f"Key {key.upper()} does nothing here")
    review.keyboard.press("Shift+Slash")
    sheet = review.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_contain_text("1 2 3 4 5")
    expect(sheet).not_to_contain_text("0 … 9")
    with review.expect_response("**/account/keys/single/"):
        sheet.get_by_label("Single keys are on").uncheck()
    review.keyboard.press("Escape")
    review.keyboard.press("9")
    review.keyboard.press("Shift+Slash")
    expect(sheet).to_be_visible()
    review.goto("/")
    review.keyboard.press("Shift+Slash")
    expect(sheet).to_be_visible()
    expect(sheet).not_to_contain_text("undo")
    with review.expect_response("**/account/keys/single/"):
        sheet.get_by_label("Single keys are on").check()  # kept with the person


def test_keys_that_have_nothing_to_do_in_the_grid_say_why_in_sight_and_aloud(review: Page) -> None:
    for key, why in (
        ("e", "E enlarges in the viewer: Enter opens it."),
        ("Backspace", "Nothing to clear: this is not decided."),
        ("Shift+S", "Pictures are moved out where a stack is shown one by one: T opens it."),
    ):
        review.keyboard.press(key)
        expect(review.locator('[data-part="notices"]')).to_contain_text(why)
        expect(review.locator("[data-live]")).to_contain_text(why)
    assert desk.place(review) == 0


def test_the_panic_key_covers_the_window_wherever_the_focus_is_even_with_single_keys_off(review: Page) -> None:
    review.evaluate("import('/static/js/keys.js').then((keys) => keys.setSingleKeys(false))")
    cover = review.get_by_role("dialog", name="Everything is covered")
    for start in (focused(review), review.get_by_role("combobox"), review.get_by_role("button", name="End batch")):
        start.focus()
        review.keyboard.press("Backquote")
        expect(cover).to_be_visible()
        box = cover.bounding_box()
        assert box == {"x": 0, "y": 0, "width": 1280, "height": 800}
        topmost = "document.elementFromPoint(1200, 200).closest('dialog')?.className"
        assert review.evaluate(topmost) == "cover"
        review.keyboard.press("5")
        expect(cover).to_be_hidden()
        expect(start).to_be_focused()
    expect(review.get_by_role("combobox")).to_have_value("")
    expect(review.locator(".verdict")).to_have_count(0)


def test_at_1024_pixels_scope_flag_and_tile_size_are_still_there(review: Page) -> None:
    review.set_viewport_size({"width": 1024, "height": 768})
    for shown in (
        review.locator(".scope"),
        review.get_by_role("button", name="Flag"),
        review.locator('[data-part="size"]'),
    ):
        expect(shown).to_be_visible()
        box = shown.bounding_box()
        assert box
        assert box["x"] >= 52
        assert box["x"] + box["width"] <= 1024
        assert box["y"] + box["height"] <= 768
    expect(review.locator(".scope")).to_contain_text("1 item + 1 exact copy")
