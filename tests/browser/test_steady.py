"""Nothing on the desk moves while its parts come, one after the other, nor when another item has the focus."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import desk
from tests.browser.conftest import World

pytestmark = pytest.mark.browser

SHIFTS = """() => new Promise((done) => {
  const found = [];
  const box = ({ x, y, width, height }) => [x, y, width, height];
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => found.push(
    ...entry.sources.map(({ node, previousRect: from, currentRect: to }) =>
      [(node?.parentElement ?? node)?.className, node?.textContent.slice(0, 40), box(from), box(to)]),
  ))).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => done(found.filter(([kind]) => kind !== 'dock')), 300); // what a key reaches is said anew each time
})"""


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1440, 900), (1920, 1080)])
def test_nothing_moves_while_the_desk_comes_nor_when_the_focus_moves_on(
    at_desk: Callable[..., Page], world: World, width: int, height: int
) -> None:
    page = at_desk("kim", viewport={"width": width, "height": height})
    desk.claim(page, world.fresh_stack())
    assert _moved(page) == []
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        assert _moved(page) == []
    page.keyboard.press("1")
    assert _moved(page) == []


def _moved(page: Page) -> Any:
    """All that has moved, keys or not, once what is beside the item and its details have come."""
    expect(page.locator(".context img").first).to_be_attached(timeout=desk.PATIENCE)
    expect(page.locator(".insp .details h2").first).to_be_attached(timeout=desk.PATIENCE)
    return page.evaluate(SHIFTS)


def test_in_german_too_the_bar_is_one_row_at_1280_pixels_whatever_waits(
    at_desk: Callable[..., Page], world: World
) -> None:
    page = at_desk("kim", locale="de-DE")
    desk.claim(page, world.fresh_case())
    end = page.get_by_role("button", name="Beenden")
    waiting = page.locator('[data-part="waiting"]')
    expect(waiting).to_contain_text("warten", timeout=desk.PATIENCE)
    for text in (waiting.inner_text(), "· 10.000 Medien oder mehr warten, und das ist noch lange nicht alles"):
        waiting.evaluate("(node, text) => { node.textContent = text; }", text)
        bar, last = page.locator("main > .subbar").bounding_box(), end.bounding_box()
        assert bar
        assert last
        assert bar["height"] == 44
        assert bar["y"] < last["y"] < bar["y"] + 44
        assert last["x"] + last["width"] <= 1280
