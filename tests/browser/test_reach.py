"""In German, by keyboard only, without motion: from the sign-in to a decision, and to an export."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import desk, scene

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST = 120  # presses of Tab; a page that needs more has no way for the keyboard
NAMED = """() => {
  const node = document.activeElement;
  const by = node.labels?.[0]?.innerText ?? node.getAttribute("aria-label") ?? node.innerText;
  return (by ?? "").trim().split("\\n")[0].trim();
}"""
MOVES = """() => [...document.querySelectorAll("*")].some((node) => {
  const { animationName, transitionDuration } = getComputedStyle(node);
  return animationName !== "none" || parseFloat(transitionDuration) > 0;
})"""


def go_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus."""
    for _press in range(MOST):
        if page.evaluate(NAMED) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name!r} on {page.url}")


def sign_in(page: Page, name: str) -> None:
    """With nothing but keys."""
    page.goto("/signin/")
    go_to(page, "Name")
    page.keyboard.type(name)
    go_to(page, "Passwort")
    page.keyboard.type(scene.PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_title("Meine Arbeit · Winnow", timeout=desk.PATIENCE)
    page.wait_for_load_state()


def test_by_keyboard_from_the_sign_in_to_a_decision(open_page: Callable[..., Page], world: None) -> None:
    page = open_page(locale="de-DE", reduced_motion="reduce")
    sign_in(page, "kim")
    page.keyboard.press("Enter")  # goes on where one stopped
    desk.ready(page)
    page.keyboard.press("1")
    expect(page.locator("[data-live]")).to_contain_text("Medium 2 von 13, nicht entschieden, 1 Datei")
    page.keyboard.press("End")
    tile, dock = desk.focused(page).bounding_box(), page.locator(".dock").bounding_box()
    assert tile is not None
    assert dock is not None
    assert tile["y"] + tile["height"] <= dock["y"]  # the focus never lies under the keys
    assert not page.evaluate(MOVES)
    page.keyboard.press("z")
    expect(page.get_by_text("Rückgängig gemacht")).to_be_visible()
    expect(page.get_by_text("Alles gespeichert")).to_be_visible(timeout=desk.PATIENCE)


def test_by_keyboard_from_the_sign_in_to_an_export(open_page: Callable[..., Page], world: None) -> None:
    page = open_page(locale="de-DE")
    sign_in(page, "lee")
    page.keyboard.press("/")
    page.keyboard.type(scene.FULL)
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_title(f"{scene.FULL} Harbour lights · Winnow")
    go_to(page, "Export")
    page.keyboard.press("Enter")
    page.wait_for_url("**/exports/")
    go_to(page, "Erstellen")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Export erstellt:").or_(page.get_by_text("hat sich nichts geändert:"))).to_be_visible()
