"""Care at the desk: the ledger of looks is what was on the screen, and a break outlives whatever the page does."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import product
from tests.browser import desk, rows
from tests.browser.conftest import World
from tests.browser.desk import focused, place
from tests.browser.test_axe import complaints

pytestmark = pytest.mark.browser

# Notes by itself which picture was clear, under which token it came and for how long, whatever the product thinks of
# it. What it noted outlives the page. While `swallow` is set, what the page sends stays under way until it is gone.
WITNESS = """
const noted = (name) => JSON.parse(sessionStorage.getItem(name) ?? "[]");
const note = (name, entry) => sessionStorage.setItem(name, JSON.stringify([...noted(name), entry]));
const tokens = new Map();
const ask = window.fetch;
window.fetch = async (...request) => {
  const [address, { keepalive } = {}] = request;
  if (window.swallow && address.endsWith("/decisions") && !keepalive) return new Promise(() => {});
  const answer = await ask(...request);
  const token = answer.headers.get("X-Viewing");
  if (token) tokens.set(address.split("/")[2], token);
  if (token) note("sent", token);
  return answer;
};
const shown = new Map();
const isClear = (node) => node instanceof Element && node.matches("img.clear");
const { append, remove } = Element.prototype;
Element.prototype.append = function (...nodes) {
  append.apply(this, nodes);
  nodes.filter((node) => isClear(node) && !shown.has(node)).forEach((node) => {
    shown.set(node, { token: tokens.get(this.dataset.item), since: performance.now() });
  });
};
Element.prototype.remove = function () {
  remove.apply(this);
  if (!shown.has(this)) return;
  const { token, since } = shown.get(this);
  shown.delete(this);
  note("seen", { token, ms: performance.now() - since });
};
"""


def noted(page: Page, name: str) -> list[Any]:
    found: list[Any] = json.loads(page.evaluate("name => sessionStorage.getItem(name) ?? '[]'", name))
    return found


@contextmanager
def held(page: Page, milliseconds: int = 250) -> Iterator[None]:
    """Hold Space on the item in focus; its picture is clear for so long, then the block runs with the key down."""
    page.keyboard.down("Space")
    expect(page.locator("img.clear")).to_be_visible(timeout=desk.PATIENCE)
    page.wait_for_timeout(milliseconds)
    yield
    page.keyboard.up("Space")


def test_the_ledger_of_looks_holds_every_picture_that_was_clear_and_no_other(
    at_desk: Callable[..., Page], world: World, live: product.Product
) -> None:
    began, before = time.monotonic(), rows.of(live, ON_SCREEN)[0][0]
    page = at_desk("kim")
    page.context.add_init_script(WITNESS)
    desk.claim(page, world.fresh_case())
    batch = page.locator("main").get_attribute("data-batch")
    for _again in range(2):  # the same picture, held twice
        with held(page):
            pass
    with held(page):  # decided with the key down: the next one is clear at once
        desk.saved(page, lambda: page.keyboard.press("1"))
        expect(desk.tile(page, 1).locator("img.clear")).to_be_visible(timeout=desk.PATIENCE)
    with held(page):  # the focus moves on while the key is down
        page.keyboard.press("ArrowRight")
        expect(page.locator("img.clear")).to_have_count(0)
    with held(page):  # the panic key: every clear byte is let go of
        page.keyboard.press("Backquote")
        expect(page.locator("img.clear")).to_have_count(0)
    page.keyboard.press("Escape")
    with held(page):  # and comes under a new token
        pass
    page.keyboard.press("ArrowRight")
    with held(page):  # the tab is hidden
        page.evaluate(
            "() => { Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
            " document.dispatchEvent(new Event('visibilitychange')); delete document.hidden; }"
        )
        expect(page.locator("img.clear")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    with held(page):
        pass
    page.evaluate("() => { window.swallow = true; }")  # the report of it is under way when the page is loaded anew
    page.keyboard.press("2")
    page.wait_for_timeout(500)
    page.on("dialog", lambda dialog: dialog.accept())  # a decision is not saved
    with held(page):
        page.reload()
        desk.ready(page)
    page.keyboard.press("End")  # those between are asked for by nobody, or only because they come next
    page.keyboard.down("Space")  # let go of before the picture is there
    page.keyboard.up("Space")
    page.keyboard.press("ArrowLeft")
    with held(page):  # the page goes away
        page.goto("/")
    seen, sent = noted(page, "seen"), noted(page, "sent")
    expected = Counter[str]()
    for look in seen:
        expected[look["token"]] += look["ms"]
    assert len(seen) >= 10
    assert 7 <= len(expected) < len(sent)
    expect_rows(live, batch, dict(expected), sent)
    on_screen = rows.of(live, ON_SCREEN)[0][0] - before  # of two visits: the page was loaded anew
    assert 2000 <= on_screen <= 1000 * (time.monotonic() - began)


ON_SCREEN = """
SELECT coalesce(sum(k.ms), 0)::int FROM cases_screenminute k JOIN workbench_user u ON u.id = k.user_id
WHERE u.username = 'kim'
"""
VIEWINGS = """
SELECT v.token, v.revealed_ms FROM cases_viewing v JOIN cases_batch b ON b.id = v.batch_id WHERE b.public_id = %s
"""


def expect_rows(live: product.Product, batch: str | None, expected: dict[str, float], sent: list[str]) -> None:
    """The rows of a batch are the pictures that were sent, and those unveiled have the time they were clear."""
    found = dict[str, int | None]()
    for _try in range(20):  # a farewell may still be on its way
        found = dict(rows.of(live, VIEWINGS, batch))
        if {token for token, ms in found.items() if ms} == set(expected):
            break
    assert {token for token, ms in found.items() if ms} == set(expected)
    assert set(sent) <= set(found)  # what was asked for as the page went may have come to nobody
    for token, ms in expected.items():
        assert found[token] == pytest.approx(ms, abs=50)


# The clock of that computer is an hour ahead.
AHEAD = """
const Real = Date;
window.Date = class extends Real {
  constructor(...given) { if (given.length) super(...given); else super(Real.now() + 3_600_000); }
  static now() { return Real.now() + 3_600_000; }
};
"""
LOOKED = """
INSERT INTO cases_screenminute (user_id, minute, ms)
SELECT u.id, date_trunc('minute', now()) - make_interval(mins => ago), 60000
FROM workbench_user u, generate_series(1, 52) AS ago WHERE u.username = 'kim'
ON CONFLICT (user_id, minute) DO UPDATE SET ms = 60000
"""


def test_a_break_keeps_the_place_and_survives_reload_a_second_tab_and_another_computer(
    at_desk: Callable[..., Page], world: World, live: product.Product
) -> None:
    page = at_desk("kim")
    desk.claim(page, world.fresh_case())
    desk.saved(page, lambda: page.keyboard.press("1"))
    item = desk.item(page)
    rows.of(live, LOOKED)
    page.keyboard.down("Space")
    expect(page.locator("img.clear")).to_be_visible(timeout=desk.PATIENCE)
    page.evaluate("() => window.dispatchEvent(new Event('focus'))")  # the page asks, as every 15 seconds
    pause = page.get_by_role("dialog", name="Break")
    expect(pause).to_be_visible(timeout=desk.PATIENCE)
    expect(page.locator("img.clear")).to_have_count(0)
    page.keyboard.up("Space")
    desk.press(page, "2", "Enter", "Space", "Escape", "Escape")
    expect(pause).to_contain_text("You have looked for 50 minutes")
    assert complaints(page, "break") == []
    assert page.request.get(f"/media/{item}/clear").status == 423
    page.reload()
    second = page.context.new_page()
    second.goto(page.url)
    elsewhere = at_desk("kim")
    elsewhere.add_init_script(AHEAD)
    elsewhere.goto(page.url)
    for other in (page, second, elsewhere):
        expect(other.get_by_role("dialog", name="Break")).to_be_visible(timeout=desk.PATIENCE)
        expect(other.locator("dialog text")).to_have_text(re.compile("^9:[0-5][0-9]$"))
    play(second)
    page.get_by_role("button", name="Resume early, logged").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(focused(page)).to_be_focused(timeout=desk.PATIENCE)
    assert place(page) == 1
    desk.unveil(page)
    elsewhere.evaluate("() => window.dispatchEvent(new Event('focus'))")
    expect(elsewhere.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("[data-meter]")).to_contain_text("0 min")
    told = rows.of(live, "SELECT verb FROM workbench_auditevent WHERE verb LIKE 'break.%%' ORDER BY at")
    assert told == [["break.start"], ["break.skip"]]


def play(page: Page) -> None:
    """The block puzzle comes when it is asked for, moves by keys, and rests without the focus."""
    loaded = page.evaluate("() => performance.getEntriesByType('resource').map((one) => one.name)")
    assert [name for name in loaded if "blocks" in name] == []
    offer = page.get_by_role("button", name="Block puzzle")
    offer.click()
    well = page.get_by_role("application")
    expect(well).to_be_focused()
    assert complaints(page, "puzzle") == []
    page.emulate_media(reduced_motion="reduce")  # from the next time it gets the focus nothing falls by itself
    offer.focus()
    expect(page.get_by_text("The puzzle rests")).to_be_visible()
    well.focus()
    pictures = {page.evaluate("() => document.querySelector('dialog canvas').toDataURL()")}
    for number, key in enumerate(("ArrowLeft", "ArrowDown", "Space"), 2):
        page.keyboard.press(key)
        pictures.add(page.evaluate("() => document.querySelector('dialog canvas').toDataURL()"))
        assert len(pictures) == number
    page.wait_for_timeout(1100)
    assert page.evaluate("() => document.querySelector('dialog canvas').toDataURL()") in pictures
    offer.click()
    expect(well).to_have_count(0)
    expect(page.get_by_role("dialog", name="Break")).to_be_visible()
