"""A film in the viewer: its storyboard, each frame a look of its own."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import desk
from tests.browser.conftest import World
from tests.browser.desk import focused
from tests.browser.test_axe import complaints

pytestmark = pytest.mark.browser


def test_frames_of_a_film_are_unveiled_one_by_one_and_belong_to_its_decision(
    at_desk: Callable[..., Page], world: World
) -> None:
    page = at_desk("kim")
    desk.claim(page, f"/cases/{world.film}/")
    clear: list[str] = []
    page.on("request", lambda request: clear.append(request.url) if "/clear" in request.url else None)
    while not page.locator(".tile.here .tag.br").count():  # the film, wherever it lies
        page.keyboard.press("ArrowRight")
    film = desk.item(page)
    page.keyboard.press("Enter")
    frames = page.get_by_role("listbox", name="Frames of this film").get_by_role("option")
    expect(frames).to_have_count(3)
    expect(frames.first).to_have_attribute("aria-selected", "true")
    assert complaints(page, "a storyboard") == []
    desk.unveil(page, ".board .focus")
    page.keyboard.press("Shift+ArrowRight")
    expect(frames.nth(1)).to_have_attribute("aria-selected", "true")
    desk.unveil(page, ".board .focus")
    page.keyboard.press("End")
    expect(frames.nth(2)).to_have_attribute("aria-selected", "true")
    [act] = desk.saved(page, lambda: page.keyboard.press("2"))
    assert (act["item"], len(act["viewings"])) == (film, 2)
    assert sum(f"{film}/frames/" in url for url in clear) in {2, 3}  # the last had the focus, and was left at once
    page.keyboard.press("Escape")
    expect(focused(page)).to_be_focused()
