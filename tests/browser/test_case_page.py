"""The pages of a case in a browser: nothing outside its panel, cancelling with a reason, refusals in words, arrows."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Response, expect

from tests.browser.conftest import World
from tests.product import Product

pytestmark = pytest.mark.browser
TRIES = 30  # of a page until it gets a stream, a second apart: as long as the longest stream
OUTSIDE = """
panel => { const edge = panel.getBoundingClientRect().right;
  return [...panel.querySelectorAll('td, td button, td .pill')].filter(node => node.offsetParent
    && node.getBoundingClientRect().right > edge + 1).map(node => node.textContent.trim() || node.title); }
"""


@pytest.mark.parametrize("width", [1280, 1920])
def test_exhibits_with_long_numbers_keep_their_state_and_buttons_in_the_panel(
    at_desk: Callable[..., Page], world: World, width: int
) -> None:
    page = at_desk("kim", viewport={"width": width, "height": 900})
    page.goto(world.pages["held case"])
    panel = page.locator("section", has=page.get_by_role("heading", name="Evidence"))
    assert panel.evaluate(OUTSIDE) == []
    assert panel.get_by_role("group").evaluate("node => node.scrollWidth - node.clientWidth") == 0
    expect(panel.get_by_role("button", name="Resume")).to_have_count(2)
    expect(panel.get_by_text("The case document cannot be read")).to_be_visible()


def test_an_ingest_is_cancelled_with_a_reason(at_desk: Callable[..., Page], world: World) -> None:
    page = at_desk("kim")
    page.goto(world.pages["held case"])
    page.get_by_role("button", name="Cancel NORTHMOOR/2026/HARBOUR/DEVICE-3").click()
    reason = page.get_by_label("Reason").locator("visible=true")
    expect(reason).to_be_focused()
    reason.fill("no files will come")
    page.get_by_role("button", name="Cancel the ingest").locator("visible=true").click()
    expect(page.get_by_text("Nothing had come in: its number can be used again.")).to_be_visible()
    expect(page.get_by_text("no files will come")).to_be_visible()


def test_an_exhibit_is_removed_with_a_reason_and_the_page_follows(at_desk: Callable[..., Page], world: World) -> None:
    page = at_desk("kim")
    assert _stream(page, world.pages["held case"]).headers["content-type"] == "text/event-stream"
    page.get_by_role("button", name="Remove NORTHMOOR/2026/HARBOUR/DEVICE-0").click()
    reason = page.get_by_label("Reason").locator("visible=true")
    expect(reason).to_be_focused()
    reason.fill("seized next door")
    page.get_by_role("button", name="Remove the exhibit").locator("visible=true").click()
    row = page.get_by_role("row").filter(has_text="DEVICE-0")
    expect(row.get_by_text("Removed", exact=True)).to_be_visible(timeout=30_000)
    # The page loads itself anew when the work it followed is done.
    expect(row.locator("s")).to_have_text("NORTHMOOR/2026/HARBOUR/DEVICE-0-OF-THE-SECOND-SEARCH")
    expect(page.get_by_text("seized next door").first).to_be_visible()


def _stream(page: Page, address: str) -> Response:
    """What the page at `address` follows, once the server has a stream free.

    A process gives few, and notices only as it writes, each second, that the page of the test before is gone.
    """
    for _ in range(TRIES):
        with page.expect_response(lambda answer: answer.url.endswith("/progress/stream/")) as streamed:
            page.goto(address)
        if streamed.value.status != HTTPStatus.NO_CONTENT:
            break
        page.wait_for_timeout(1000)
    return streamed.value


def test_a_refused_upload_says_why_and_not_that_anything_was_kept(
    browser: Browser, live: Product, sessions: dict[str, Any], world: World, sent: FilePayload
) -> None:
    page = browser.new_page(base_url=live.url, storage_state=sessions["kim"])  # its console tells of the refusal
    page.goto(f"{world.pages['case']}evidence/new/")
    form = page.locator("form[data-upload]")
    form.get_by_label("Exhibit number").fill("x-1")
    form.get_by_label("Files", exact=True).set_input_files([sent])
    expect(form.get_by_role("status")).to_have_text("1 file, 4.1 kB")
    form.get_by_role("button", name="Upload and start").click()
    expect(form.get_by_role("status")).to_have_text(
        "Not sent: X-1 is used for other evidence in this case. Choose another number."
    )
    page.close()


@pytest.fixture
def sent() -> FilePayload:
    """A file to choose."""
    return {"name": "a.bin", "mimeType": "application/octet-stream", "buffer": bytes(4096)}


def test_arrows_and_enter_open_a_case_from_the_list(at_desk: Callable[..., Page], world: World) -> None:
    page = at_desk("kim")
    page.goto(world.pages["cases"])
    links = page.locator("#case-rows tr td:first-child a")
    for key, place in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", 0), ("ArrowDown", 1)):
        page.keyboard.press(key)
        expect(links.nth(place)).to_be_focused()
    wanted = links.nth(1).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{wanted}")
