"""Stacks of look-alikes at the desk: what Shift reaches, what is shown next, and what Z brings back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import desk
from tests.browser.conftest import World
from tests.browser.desk import focused, place, tile
from tests.browser.scene import IN_STACK
from tests.browser.test_axe import complaints

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
    members = review.locator('[data-part="inspector"] ul .member')
    expect(members).to_have_count(IN_STACK - 1)
    expect(members.first.locator("img")).to_be_visible()
    desk.unveil(review)
    sent = desk.saved(review, lambda: review.keyboard.press("Shift+2"))
    assert [(act["act"], act["code"], act["scope"]) for act in sent] == [("decide", "2", "stack")]
    assert place(review) == 1
    expect(tile(review, 0).locator(".verdict")).to_contain_text("2")
    expect(review.locator('[data-part="decided"]')).to_have_text("1")
    expect(review.locator('[data-part="total"]')).to_have_text("/ 3")  # as many as there are places: a stack is one
    assert [(unit["left"], unit["code"]) for unit in units(review)] == [(0, "2"), (1, None), (1, None)]


def test_a_plain_key_decides_one_and_the_stack_goes_on_with_the_next(review: Page) -> None:
    first = desk.item(review)
    desk.saved(review, lambda: review.keyboard.press("1"))
    second = desk.item(review)
    assert (place(review), first != second) == (0, True)
    expect(focused(review).locator(".tag.tr")).to_have_text(str(IN_STACK - 1))
    expect(focused(review).locator(".verdict")).to_have_count(0)
    expect(review.locator('[data-part="decided"]')).to_have_text("0")  # its place is not done yet
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
    desk.saved(review, lambda: review.keyboard.press("Shift+Z"))
    assert desk.item(review) == second
    review.keyboard.press("w")  # of what was made again, though the stack goes on
    expect(review.get_by_role("dialog", name="Why 1 Alpine, item 1")).to_be_visible()


def test_no_key_decides_a_picture_that_was_not_on_screen(review: Page) -> None:
    desk.saved(review, lambda: desk.press(review, "1", "1", "1"))  # the second and third come before the next picture
    desk.item(review)
    assert units(review)[0]["left"] == IN_STACK - 1


def stack_address(page: Page) -> str:
    """Where the members of the first unit are told."""
    return f"/api/v1/batches/{page.locator('main').get_attribute('data-batch')}/stacks/{units(page)[0]['id']}"


def open_stack(page: Page) -> Locator:
    """Press T; returns the pictures of the stack."""
    page.keyboard.press("t")
    tiles = page.locator('[data-part="stack"] .tile')
    expect(tiles).to_have_count(IN_STACK)
    expect(tiles.first).to_be_focused()
    return tiles


def test_in_the_stack_each_picture_is_decided_by_a_look_of_its_own_and_shift_decides_the_rest(review: Page) -> None:
    review.get_by_role("button", name="One by one").click()
    expect(review.locator('[data-part="stack"] .tile').first).to_be_focused()
    desk.press(review, "Enter")
    expect(review.locator('[data-part="notices"]')).to_contain_text("hold Space")
    desk.saved(review, lambda: desk.press(review, "f", "Escape"))
    desk.item(review)  # a flag, too, is followed by what the stack shows
    tiles = open_stack(review)
    expect(tiles.first.locator(".tag.tr")).to_have_text("first")
    assert complaints(review, "a stack") == []
    shown = [tile.get_attribute("data-item") for tile in tiles.all()]
    review.keyboard.press("ArrowRight")
    desk.unveil(review, ".stackview .tile.here")
    sent = desk.saved(review, lambda: desk.press(review, "3", "2"), number=2)
    assert [(act["item"], act["code"], act["scope"]) for act in sent] == [
        (shown[1], "3", "item"),
        (shown[2], "2", "item"),
    ]
    assert sent[0]["viewings"]
    expect(tiles.nth(1).locator(".verdict")).to_contain_text("3")
    expect(review.locator(".dock .scope")).to_contain_text("the rest: 3 of 3")
    [rest] = desk.saved(review, lambda: review.keyboard.press("Shift+1"))
    assert (rest["item"], rest["scope"]) == (shown[0], "rest")
    expect(review.locator('[data-part="stack"]')).to_be_hidden()
    assert place(review) == 1
    assert [unit["left"] for unit in units(review)] == [0, 1, 1]
    for _act in range(4):
        desk.saved(review, lambda: review.keyboard.press("z"))
    assert [unit["left"] for unit in units(review)] == [IN_STACK, 1, 1]


def test_what_is_moved_out_comes_at_the_end_and_z_puts_it_back(review: Page) -> None:
    tiles = open_stack(review)
    shown = [tile.get_attribute("data-item") for tile in tiles.all()]
    desk.press(review, "ArrowRight", "Shift+ArrowRight")
    [sent] = desk.saved(review, lambda: review.keyboard.press("Shift+s"))
    assert (sent["act"], sent["items"]) == ("split", shown[1:3])
    expect(tiles).to_have_count(IN_STACK - 2)
    review.keyboard.press("Escape")
    assert place(review) == 0
    expect(tile(review, 3).locator(".tag.tr")).to_have_text("2")
    expect(tile(review, 0).locator(".tag.tr")).to_have_text(str(IN_STACK - 2))
    assert [unit["left"] for unit in units(review)] == [IN_STACK - 2, 1, 1, 2]
    desk.saved(review, lambda: review.keyboard.press("z"))
    expect(tile(review, 0).locator(".tag.tr")).to_have_text(str(IN_STACK))
    expect(tile(review, 3)).to_have_count(0)
    open_stack(review)
    review.keyboard.press("End")
    last = desk.focused(review.locator('[data-part="stack"]')).get_attribute("data-item")  # type: ignore[arg-type]
    desk.saved(review, lambda: review.get_by_role("button", name="Show first").click())
    expect(review.locator(f'.stackview .tile[data-item="{last}"] .tag.tr')).to_have_text("first")
    desk.press(review, "Home", "Shift+ArrowRight")
    desk.saved(review, lambda: review.keyboard.press("4"), number=2)
    desk.saved(review, lambda: review.keyboard.press("z"), number=2)  # one key, one step
    expect(review.locator('[data-part="inspector"]')).to_contain_text("Undone 2 files")
    assert units(review)[0]["left"] == IN_STACK
    stack = review.locator('[data-part="lightbox"] .tile[data-place="0"]')
    expect(stack).to_have_attribute("aria-busy", "false")  # until then Shift waits for what is shown first
    desk.saved(review, lambda: desk.press(review, "4", "Shift+1"), number=2)
    review.keyboard.press("Escape")
    told = review.request.get(f"{stack_address(review)}").json()["members"]
    assert [one["code"] for one in told].count("4") == 1


def test_units_that_belong_together_are_joined_by_u_and_z_takes_them_apart(
    at_desk: Callable[..., Page], world: World
) -> None:
    page = at_desk("kim")
    desk.claim(page, world.fresh_case())
    before = [unit["item"] for unit in units(page)]
    expect(page.get_by_role("button", name="Join")).to_be_hidden()
    desk.press(page, "ArrowRight", "Shift+ArrowRight")
    expect(page.get_by_role("button", name="Join")).to_be_visible()
    [sent] = desk.saved(page, lambda: page.keyboard.press("u"))
    assert (sent["act"], sent["item"], len(sent["joins"])) == ("join", before[2], 1)
    expect(page.locator(".lightbox .tile")).to_have_count(len(before) - 1)
    assert (place(page), desk.item(page)) == (1, before[2])
    expect(focused(page).locator(".tag.tr")).to_have_text("2")
    page.keyboard.press("d")  # beside: the same folder
    row = page.locator(f'[data-part="beside"] .tile[data-item="{before[5]}"]')
    row.focus()
    desk.saved(page, lambda: page.keyboard.press("u"))
    expect(row).to_contain_text("In this stack")
    assert complaints(page, "a join") == []
    desk.press(page, "Escape", "t")
    expect(page.locator(".stackview .tile .tag.tr", has_text="by hand")).to_have_count(2)
    desk.press(page, "Escape")
    assert [unit["left"] for unit in units(page)] == [1, 3, *[1] * (len(before) - 4)]
    for _key in range(2):
        desk.saved(page, lambda: page.keyboard.press("z"))
    expect(page.locator(".lightbox .tile")).to_have_count(len(before))
    assert [unit["item"] for unit in units(page)] == before
    desk.item(page)
    desk.saved(page, lambda: page.keyboard.press("Shift+z"))
    expect(page.locator(".lightbox .tile")).to_have_count(len(before) - 1)
    assert (place(page), desk.item(page)) == (1, before[2])
    expect(focused(page).locator(".tag.tr")).to_have_text("2")
    page.reload()  # who comes back can still take it apart
    desk.ready(page)
    desk.saved(page, lambda: page.keyboard.press("z"))
    expect(page.locator(".lightbox .tile")).to_have_count(len(before))
