"""A supervisor who never saw a hash set: imports, sees a conflict, learns why a file is hidden, and goes back."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import desk
from tests.browser.conftest import World
from tests.browser.desk import PATIENCE
from tests.browser.scene import IN_SMALL
from tests.browser.test_axe import complaints

pytestmark = pytest.mark.browser


def listed(folder: Path, name: str, categories: dict[str, str]) -> Path:
    """A list of SHA-256 hashes with their categories."""
    path = folder / name
    path.write_text("sha256,category\n" + "".join(f"{sha256},{code}\n" for sha256, code in categories.items()))
    return path


def make_set(page: Page, name: str) -> str:
    """An empty set; returns its address."""
    page.goto("/hashsets/")
    page.get_by_role("link", name="New set").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Scheme").select_option("landscapes-t1")
    page.get_by_role("button", name="Create set").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=PATIENCE)
    return page.url


def check_then_import(page: Page, address: str, path: Path, found: str) -> None:
    """Send a list, read what it would do, then have that very list imported."""
    page.goto(address)
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Check first").click()
    expect(page.locator('[data-field="state"]')).to_have_text("done", timeout=PATIENCE)
    expect(page.get_by_text("Nothing has changed yet.")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".kpis")).to_contain_text(re.compile(found))
    page.get_by_role("button", name="Import this list now").click()
    expect(page.locator(".kpis")).to_contain_text(re.compile(r"Version\s+v\d"), timeout=PATIENCE)


def becomes(page: Page, item: str, state: str) -> None:
    """Wait until the item's page says this state: a worker matches the cases again."""
    for _try in range(60):
        page.goto(item)
        if page.get_by_role("heading", level=1).get_by_text(state, exact=True).count():
            return
        page.wait_for_timeout(1000)
    expect(page.get_by_role("heading", level=1)).to_contain_text(state)


def test_a_new_supervisor_imports_sees_a_conflict_learns_why_a_file_is_hidden_and_goes_back(
    at_desk: Callable[..., Page], world: World, tmp_path: Path
) -> None:
    page = at_desk("lee")
    case = world.fresh_case()
    page.goto(f"{case}items/")
    links = page.locator("#item-rows a").evaluate_all("all => [...new Set(all.map(one => one.getAttribute('href')))]")
    hidden, torn = [link for link in links if link.startswith("/items/")][:2]
    hashes = {}
    for item in (hidden, torn):
        page.goto(item)
        expect(page.get_by_text("No exact match in")).to_be_visible()
        hashes[item] = page.locator("dt:has-text('SHA-256') + dd").first.inner_text()
    north, south = make_set(page, "Northern list"), make_set(page, "Southern list")
    check_then_import(page, north, listed(tmp_path, "first.csv", {hashes[torn]: "1"}), r"New in the set\s+1")
    check_then_import(page, south, listed(tmp_path, "south.csv", {hashes[torn]: "5"}), r"New in the set\s+1")
    both = listed(tmp_path, "second.csv", {hashes[torn]: "1", hashes[hidden]: "2"})
    check_then_import(page, north, both, r"New in the set\s+1")

    # the file that the new list knows is hidden, and its page says by what
    becomes(page, hidden, "Known")
    why = page.locator("section").filter(has=page.get_by_role("heading", name="Why it is here"))
    expect(why).to_contain_text("Northern list, version 2: SHA-256. Takes the file out of the queue: policy accept.")
    for fact in ("2 Coastal", "in it since 2, now 2", "trusted", "accept, from provisional on"):
        expect(why).to_contain_text(fact)

    # the file on which the lists disagree is found, stays open, and its page says so
    page.goto("/hashsets/")
    page.get_by_role("link", name="Health").click()
    row = page.get_by_role("row").filter(has_text="Northern list: 1 · Southern list: 5")
    expect(row).to_contain_text("2 sets: 1, 5")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("New")
    expect(why).to_contain_text("Conflict between sets, 2 sets: 1, 5. Nothing is closed by itself: somebody decides.")

    # who reviews it is told that the lists disagree, and not what they say
    kim = at_desk("kim")
    desk.claim(kim, case)
    told = kim.get_by_text("Conflict between sets, 2 sets. Nothing is closed by itself")
    for _item in range(IN_SMALL):
        kim.wait_for_timeout(1000)
        if told.count():
            break
        kim.keyboard.press("ArrowRight")
    expect(told).to_be_visible(timeout=PATIENCE)
    kim.get_by_text("Details").first.click()
    expect(kim.get_by_text("told after the decision").first).to_be_visible()
    assert complaints(kim, "review of what sets disagree about") == []

    # going back says first what it changes; then the file is in the queue again
    page.goto(north)
    page.get_by_role("link", name="Go back to version 1").click()
    expect(page.get_by_text("0 entries come back, 1 leaves, 0 change.")).to_be_visible()
    page.get_by_label("Reason").fill("the second list was the wrong one")
    page.get_by_role("button", name="Go back to version 1").click()
    expect(page.get_by_text("Version 3 is in force, as version 1 was")).to_be_visible(timeout=PATIENCE)
    becomes(page, hidden, "New")
    expect(why).to_contain_text("The entry was withdrawn in version 3")
    page.goto(f"{case}items/?state=open")
    expect(page.locator(f'#item-rows a[href="{hidden}"]').first).to_be_visible()
