"""Stacks of look-alikes at the desk: what Shift reaches, what is shown next, and what Z brings back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import desk
from tests.browser.conftest import World
from tests.browser.desk import focused, place, tile
from tests.browser.scene import IN_STACK

pytestmark = pytest.mark.browser


@pytest.fixture
def review(at_desk: Callable[..., Page], world: World) -> Page:
    """Kim's review page: a stack of five look-alikes, then two other pictures."""
    page = at_desk("kim")
    desk.claim(page, world.fresh_stack())
    expect(focused(page).locator(".tag.tr")).to_have_text(str(IN_STACK))
    return page


def units(page: Page) -> list[dict[str, Any]]:
    """The units of the batch as the server has them."""
    batch = page.locator("main").get_attribute("data-batch")
    found: list[dict[str, Any]] = page.request.get(f"/api/v1/batches/{batch}/units?after=0&limit=60").json()["units"]
    return found


def test_shift_decides_the_whole_stack_with_one_look(review: Page) -> None:
    expect(review.locator(".dock .scope")).to_contain_text(f"whole stack: {IN_STACK}")
    members = review.locator('[data-part="inspector"] .member')
    expect(members).to_have_count(IN_STACK - 1)
    expect(members.first.locator("img")).to_be_visible()
    desk.unveil(review)
    sent = desk.saved(review, lambda: review.keyboard.press("Shift+2"))
    assert [(act["act"], act["code"], act["scope"]) for act in sent] == [("decide", "2", "stack")]
    assert place(review) == 1
    expect(tile(review, 0).locator(".verdict")).to_contain_text("2")
    expect(review.locator('[data-part="decided"]')).to_have_text(str(IN_STACK))
    assert [(unit["left"], unit["code"]) for unit in units(review)] == [(0, "2"), (1, None), (1, None)]


def test_a_plain_key_decides_one_and_the_stack_goes_on_with_the_next(review: Page) -> None:
    first = desk.item(review)
    desk.saved(review, lambda: review.keyboard.press("1"))
    second = desk.item(review)
    assert (place(review), first != second) == (0, True)
    expect(focused(review).locator(".tag.tr")).to_have_text(str(IN_STACK - 1))
    expect(focused(review).locator(".verdict")).to_have_count(0)
    expect(review.locator('[data-part="decided"]')).to_have_text("1")
    desk.unveil(review)  # the second picture, whose look is counted
    desk.saved(review, lambda: review.keyboard.press("Shift+3"))
    assert place(review) == 1
    assert [unit["left"] for unit in units(review)] == [0, 1, 1]
    desk.saved(review, lambda: review.keyboard.press("z"))
    assert (place(review), desk.item(review)) == (0, second)
    desk.saved(review, lambda: review.keyboard.press("z"))
    assert desk.item(review) == first
    assert [unit["left"] for unit in units(review)] == [IN_STACK, 1, 1]
    expect(review.locator('[data-part="decided"]')).to_have_text("0")


def test_no_key_decides_a_picture_that_was_not_on_screen(review: Page) -> None:
    desk.saved(review, lambda: desk.press(review, "1", "1", "1"))  # the second and third come before the next picture
    desk.item(review)
    assert units(review)[0]["left"] == IN_STACK - 1
