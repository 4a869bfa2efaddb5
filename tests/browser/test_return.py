"""Coming back: to a batch that was left half done, to the keys after a dialog, to a server that was away."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import product
from tests.browser import desk
from tests.browser.conftest import World
from tests.browser.desk import focused, place, tile
from tests.browser.test_keys import states

pytestmark = pytest.mark.browser


@pytest.fixture
def review(at_desk: Callable[..., Page], world: World) -> Page:
    """Kim's review page with a fresh batch of eight pictures, the first one in focus."""
    page = at_desk("kim")
    desk.claim(page, world.fresh_case())
    return page


def test_a_batch_goes_on_where_it_was_left_with_its_steps_and_sums(at_desk: Callable[..., Page], world: World) -> None:
    page = at_desk("kim")
    desk.claim(page, f"/cases/{world.long}/")
    desk.unveil(page)
    desk.saved(page, lambda: desk.press(page, "s", *["5"] * 65), 66)
    expect(page.locator("[data-live]")).to_contain_text("Item 67 of 70, undecided, 1 file")
    page.reload()
    desk.ready(page)
    assert place(page) == 66
    expect(page.locator("[data-live]")).to_have_text("Item 67 of 70, undecided, 1 file")
    expect(page.locator('[data-part="inspector"]')).to_contain_text("· 1 item")
    home = page.context.new_page()
    home.goto("/")
    expect(home.get_by_role("heading", name="item 67 of 70")).to_be_visible()
    estimate = home.get_by_text("at your usual pace").inner_text()
    shown = page.locator('[data-part="total"]').inner_text()
    assert "about 1 min" in shown
    assert "About 1 minute" in estimate
    sent = desk.saved(page, lambda: page.keyboard.press("1"))
    order = page.request.get(f"/api/v1/batches/{page.locator('main').get_attribute('data-batch')}/units?limit=200")
    assert [act["stack"] for act in sent] == [order.json()["units"][66]["id"]]
    desk.saved(page, lambda: desk.press(page, "z", "z"), 2)
    assert place(page) == 65
    expect(tile(page, 65).locator(".verdict")).to_have_count(0)
    expect(tile(page, 64).locator(".verdict")).to_contain_text("5")


def test_a_batch_with_nothing_open_comes_back_as_its_summary_and_no_key_decides(review: Page) -> None:
    desk.unveil(review)
    desk.saved(review, lambda: desk.press(review, "1", "2", "s", *"12345"), 8)
    dialog = review.get_by_role("dialog")
    expect(dialog).to_contain_text("7 of 8 decided")
    review.reload()
    expect(dialog).to_contain_text("7 of 8 decided", timeout=desk.PATIENCE)
    expect(dialog).to_contain_text("Look back over 1")
    desk.press(review, "1", "5", "Escape")
    expect(dialog).to_be_hidden()
    expect(focused(review)).to_be_focused()
    assert place(review) == 2  # what was skipped
    assert states(review) == ["1", "2", "skipped", *"12345"]


def test_z_takes_back_whatever_was_last_flags_too_before_and_after_a_reload(review: Page) -> None:
    desk.saved(review, lambda: desk.press(review, "1", "ArrowLeft", "f"), 2)
    last = review.locator('[data-part="inspector"]')
    expect(last).to_contain_text("Flag 2 files")
    for reload in (False, True):
        if reload:
            desk.saved(review, lambda: review.keyboard.press("Shift+Z"))
            review.reload()
            desk.ready(review)
        expect(tile(review, 0).locator(".tl")).to_contain_text("1 copy")
        expect(tile(review, 0).locator(".tl svg")).to_have_count(1)
        desk.saved(review, lambda: review.keyboard.press("z"))
        expect(tile(review, 0).locator(".tl svg")).to_have_count(0)
        assert states(review)[0] == "1"
    desk.saved(review, lambda: review.keyboard.press("z"))
    assert states(review)[0] is None


def test_the_keys_live_again_after_search_sheet_theme_and_summary(review: Page) -> None:
    def by_search() -> None:
        desk.press(review, "/", "Escape")

    def by_sheet() -> None:
        review.get_by_role("button", name="Keyboard shortcuts").click()
        review.get_by_role("dialog", name="Keyboard").get_by_role("button", name="Close").click()

    def by_theme() -> None:
        review.get_by_role("button", name="Switch theme").click()

    def by_summary() -> None:
        review.get_by_role("button", name="End batch").click()
        expect(review.get_by_role("button", name="Stop for now")).to_be_visible()
        review.keyboard.press("Escape")

    for number, leave in enumerate((by_search, by_sheet, by_theme, by_summary)):
        leave()
        expect(focused(review)).to_be_focused()
        desk.saved(review, lambda: review.keyboard.press("1"))
        assert place(review) == number + 1


def test_two_tabs_the_refused_unit_gets_the_focus_and_is_not_claimed(review: Page) -> None:
    other = review.context.new_page()
    other.set_viewport_size({"width": 1280, "height": 420})
    other.goto(review.url)
    desk.ready(other)
    desk.saved(review, lambda: review.keyboard.press("1"))
    desk.saved(other, lambda: other.keyboard.press("2"))
    expect(focused(other)).to_have_attribute("data-place", "0")
    expect(focused(other)).to_be_focused()
    expect(tile(other, 0).locator(".verdict")).to_contain_text("1 Alpine")
    expect(other.locator('[data-part="inspector"]')).to_contain_text("Not saved")
    other.keyboard.press("3")  # it was meant for another item: held back
    other.wait_for_timeout(800)
    assert states(other)[:2] == ["1", None]
    other.keyboard.press("End")
    tile_box, notices = focused(other).bounding_box(), other.locator(".notices .note").bounding_box()
    assert tile_box
    assert notices
    assert tile_box["y"] + tile_box["height"] <= notices["y"]


def test_of_a_range_all_files_are_counted_before_and_after_it_is_saved(review: Page) -> None:
    desk.press(review, *["Shift+ArrowRight"] * 3)
    expect(review.locator(".scope")).to_contain_text("4 items + 1 exact copy")
    desk.saved(review, lambda: review.keyboard.press("5"), 4)
    expect(review.locator('[data-part="inspector"]')).to_contain_text("All saved")
    expect(review.locator('[data-part="inspector"]')).to_contain_text("5 files")


@pytest.fixture
def shaky(browser: Browser, live: product.Product, sessions: dict[str, Any], world: World) -> Iterator[Page]:
    """A review page whose network may fail, which its console may say."""
    context = browser.new_context(base_url=live.url, storage_state=sessions["kim"])
    page = context.new_page()
    desk.claim(page, world.fresh_case())
    yield page
    context.close()


def test_ending_a_batch_while_the_server_is_away_waits_in_words_and_esc_gives_up(shaky: Page) -> None:
    shaky.wait_for_load_state("networkidle")
    shaky.context.set_offline(True)
    desk.press(shaky, "1", "2", "n")
    shaky.keyboard.type("fog")
    desk.press(shaky, "Enter", "ArrowRight")
    inspector = shaky.locator('[data-part="inspector"]')
    expect(inspector).to_contain_text("does not answer")
    shaky.get_by_role("button", name="End batch").click()
    dialog = shaky.get_by_role("dialog")
    dialog.get_by_role("button", name="Stop for now").click()
    expect(dialog).to_contain_text("3 decisions not saved yet, waiting")
    shaky.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    shaky.context.set_offline(False)
    expect(inspector).to_contain_text("All saved", timeout=desk.PATIENCE)
    expect(inspector).not_to_contain_text("does not answer")
    expect(inspector).to_contain_text("SHA-256")
    assert states(shaky)[:3] == ["1", "2", None]
    batch = shaky.locator("main").get_attribute("data-batch")
    noted = shaky.request.get(f"/api/v1/batches/{batch}/units?after=2&limit=1").json()["units"][0]["id"]
    assert [note["text"] for note in shaky.request.get(f"/api/v1/stacks/{noted}").json()["notes"]] == ["fog"]
    assert shaky.request.get(f"/api/v1/batches/{batch}").json()["state"] == "open"
    desk.saved(shaky, lambda: shaky.keyboard.press("3"))
