"""Every page, light and dark: axe finds nothing, nothing overflows, nothing is said on the console.

The pages are those of the pseudo-locale (pseudo.py), longer than German ones and read from right to left; on the same
visit each is looked at from left to right, too, and at 320 px but for the desk, and for texts without gettext.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import resolve
from playwright.sync_api import Page, ViewportSize, expect

from tests.access_table import ROUTES
from tests.browser import desk, reach, scene
from tests.browser.conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 320, "height": 800}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {  # the themes differ in colours only
    "light": {"type": "tag", "values": TAGS},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
AT = {  # who has which pages; kim reviews, lee supervises, ash is auditor and welfare officer
    "kim": ("home", "case", "what comes next", "go to", "review"),
    "lee": (
        "home", "cases", "new case", "case", "add evidence", "problems", "items", "map", "item", "publish", "published",
        "choose cases", "sign", "sent", "disputes",
        "hash sets", "new set", "set", "import", "policy", "import run", "versions", "diff", "go back",
        "search in a set", "overlap", "health", "look-up", "log entry", "exports of a case", "exports",
         "account", "keys", "held case", "edit case", "ruling", "second views", "schemes", "scheme", "new scheme",
         "exchange", "pair", "courier file", "courier run", "certificate", "peer", "read a set", "how it is read",
         "new peer", "entry", "sources", "new source", "source", "paused source",
         "viewing", "more for an hour", "limits", "limits and breaks", "dashboard", "pairs", "samples",
    ),
    "ash": ("wellness", "viewing record"),
}  # fmt: skip

ELSEWHERE = {  # pages that other tests look at
    "workbench:signin", "workbench:setup", "hashsets:scheme_draft", "cases:ruling",  # whose list shows the first
}  # fmt: skip
NO_PAGES = {  # JSON, pictures, files and parts of pages
    "workbench:health", "cases:api_batch", "cases:api_beside", "cases:api_changes",
    "cases:api_goto",
    "cases:api_members", "cases:api_stack", "cases:api_units", "cases:api_veils", "cases:api_view", "cases:api_waiting",
    "cases:export_file", "cases:media_clear", "cases:media_frame_clear", "cases:media_frame_veil", "cases:media_veil",
    "cases:problem_file", "cases:progress", "cases:progress_stream", "cases:queue_count", "hashsets:export",
    "hashsets:filter", "exchange:courier_progress", "exchange:package_file",
    "hashsets:import_progress", "api:schema", "cases:home_panel", "cases:dashboard_csv", "cases:media_clip",
    "cases:media_sound", "cases:media_loudness", "cases:media_frames", "cases:api_strip",
}  # fmt: skip


@pytest.mark.parametrize("name", AT)
def test_every_page_reaches_everybody_in_every_language(at_desk: Callable[..., Page], world: World, name: str) -> None:
    page = at_desk(name, locale="ar-XB")
    found = []
    for what in AT[name]:
        page.goto(world.pages[what])
        if what == "review":
            desk.ready(page)
            page.keyboard.press("d")
            expect(page.locator('[data-part="beside"] li').first).to_be_visible(timeout=desk.PATIENCE)
        found += complaints(page, what)
        found += reach.plain(page, what, reach.LOG if what == "log entry" else reach.DATA)
        found += reach.clipped(page, what)
        if what != "review":
            page.set_viewport_size(NARROW)
            found += reach.clipped(page, f"{what} at 320 px")
            page.set_viewport_size(WIDE)
    assert not found, "\n".join(found)


def test_every_page_there_is_is_visited(world: World) -> None:
    visited = {resolve(urlsplit(world.pages[what]).path).view_name for pages in AT.values() for what in pages}
    routes = {
        route.name for route in ROUTES if route.get and not route.by_token and not route.name.startswith("odata:")
    }
    assert not routes - visited - ELSEWHERE - NO_PAGES
    assert routes.issuperset(ELSEWHERE | NO_PAGES)


def test_the_page_of_a_draft_has_nothing_either(at_desk: Callable[..., Page], world: World) -> None:
    page = at_desk("lee")
    page.goto(world.pages["new scheme"])
    page.get_by_label("Name").fill("Harbour codes")
    page.get_by_label("Id", exact=True).fill("harbour")
    page.get_by_label("Begin with").select_option("Landscapes T1")
    page.get_by_role("button", name="Begin the draft").click()
    expect(page.get_by_text("a supervisor who had none puts it in force")).to_be_visible()
    assert complaints(page, "draft") == []


def test_the_pages_outside_and_of_errors_have_nothing_either(open_page: Callable[..., Page]) -> None:
    page = open_page()
    found = []
    for what in ("/signin/", "/setup/no-such-link/", "/no-such-page/"):
        page.goto(what)
        found += complaints(page, what)
    assert found == []


def test_viewer_key_sheet_and_the_end_of_a_batch_have_nothing_either(
    at_desk: Callable[..., Page], world: World
) -> None:
    page = at_desk("kim")
    page.goto(world.pages["review"])
    desk.ready(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Item in focus")).to_be_focused()
    found = complaints(page, "viewer")
    page.keyboard.press("Shift+Slash")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    found += complaints(page, "key sheet")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="End batch").click()
    expect(page.get_by_role("button", name="Stop for now")).to_be_visible()
    found += complaints(page, "end of the batch")
    assert found == []


def test_the_account_with_a_token_that_was_just_made_has_nothing_either(at_desk: Callable[..., Page]) -> None:
    page = at_desk("ash")
    page.goto("/account/")
    form = page.locator("form", has=page.get_by_role("button", name="Make a token"))
    form.get_by_label("What it is for").fill("a nightly list")
    form.get_by_label("Present password").fill(scene.PASSWORD)
    form.get_by_role("button", name="Make a token").click()
    expect(page.get_by_label("Copy it now")).to_have_value(re.compile("winnow_"))
    assert complaints(page, "account with a new token") == []


@pytest.mark.parametrize(("chosen", "first"), [("dark", "dark"), ("light", "light"), (None, "light")])
def test_the_server_paints_the_chosen_theme_from_the_start(
    at_desk: Callable[..., Page], chosen: str | None, first: str
) -> None:
    page = at_desk("kim")
    page.goto("/")
    if chosen:
        for _press in range(2 if chosen == "light" else 1):
            page.get_by_role("button", name="Switch theme").click()
    answer = page.goto("/cases/")
    assert answer
    assert f'data-theme="{first}"' in answer.text()


def complaints(page: Page, what: str) -> list[str]:
    """What axe finds on the page as it is, in both themes, and whether it is wider than the window."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    told = [f"{what}: {wide} px wider than the window"] if wide > 0 else []
    page.evaluate("scrollTo(0, 0)")  # else a link that lies half under the top bar counts as a small one
    page.evaluate(AXE_SCRIPT)
    before = page.locator("html").get_attribute("data-theme")
    for theme, rules in RULES.items():
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        found = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
        told += [f"{what}, {theme}: {_sentence(violation)}" for violation in found["violations"]]
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", before)
    return told


def _sentence(violation: dict[str, Any]) -> str:
    """One violation with every place it was found at."""
    places = "; ".join(f"{node['target']} {node['failureSummary']}" for node in violation["nodes"])
    return f"{violation['id']}, {violation['help']}: {places}"
