"""A film in the viewer: its storyboard, each frame a look of its own; clip and sound for as long as a key is held."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser import desk, rows
from tests.browser.conftest import World
from tests.browser.desk import focused
from tests.browser.test_axe import complaints
from tests.product import Product

pytestmark = pytest.mark.browser
# For how long the canvas was to be seen, as the page itself tells it.
WATCH = """() => {
  const canvas = document.querySelector('.frame canvas');
  window.played = { total: 0, since: null, times: 0 };
  new MutationObserver(() => {
    const seen = !canvas.hidden;
    if (seen === (window.played.since !== null)) return;
    const { since, times, total } = window.played, now = performance.now();
    if (seen) Object.assign(window.played, { since: now, times: times + 1 });
    else Object.assign(window.played, { since: null, total: total + now - since });
  }).observe(canvas, { attributeFilter: ['hidden'] });
}"""
PLAYED = "SELECT token::text, revealed_ms FROM cases_viewing WHERE from_ms IS NOT NULL AND batch_id IS NOT NULL"
HEARD = "SELECT token::text, heard_ms FROM cases_listening WHERE batch_id IS NOT NULL"
ITEMS = """
SELECT convert_from(f.raw_path, 'UTF8'), i.public_id FROM cases_item i
JOIN cases_case k ON k.id = i.case_id AND k.public_id = %s
JOIN cases_fileinstance f ON f.content_id = i.content_id
"""
OUTSIDE = """
SELECT kind, coalesce(sum(ms), 0)::int FROM (
  SELECT CASE WHEN from_ms IS NULL THEN 'frame' ELSE 'clip' END AS kind, revealed_ms AS ms, 1 AS n FROM cases_viewing v
  JOIN cases_content c ON c.id = v.content_id AND c.kind = 'video' WHERE v.batch_id IS NULL
  UNION ALL SELECT 'sound', heard_ms, 2 FROM cases_listening WHERE batch_id IS NULL) r
GROUP BY kind ORDER BY min(n), kind DESC
"""
BASIS = "SELECT basis, from_ms, until_ms FROM cases_decision WHERE from_ms IS NOT NULL"


def test_frames_of_a_film_are_unveiled_one_by_one_and_belong_to_its_decision(
    at_desk: Callable[..., Page], world: World
) -> None:
    page = at_desk("kim")
    desk.claim(page, f"/cases/{world.film}/")
    # one of those beside it has no picture, which its cell says
    expect(page.locator(".context .member .none")).to_have_text(["no picture"], timeout=desk.PATIENCE)
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


def _play(page: Page, canvas: Locator, frames: Locator) -> None:
    """Mark a range while the clip is played; then twice what ends playing while the key is down."""
    page.keyboard.press("i")
    page.keyboard.down("p")
    expect(canvas).to_be_visible(timeout=desk.PATIENCE)
    expect(frames).to_be_hidden()
    page.keyboard.press("]")
    expect(page.get_by_text("4 ×")).to_be_visible()
    expect(canvas).to_be_visible(timeout=desk.PATIENCE)
    page.wait_for_timeout(600)
    page.keyboard.press("i")
    page.keyboard.up("p")
    expect(canvas).to_be_hidden()
    assert complaints(page, "a clip") == []
    for ends in ("window.dispatchEvent(new Event('blur'))", "document.dispatchEvent(new Event('winnow:panic'))"):
        page.keyboard.down("p")
        expect(canvas).to_be_visible(timeout=desk.PATIENCE)
        page.evaluate(ends)
        expect(canvas).to_be_hidden()
        page.keyboard.up("p")


def _listen(page: Page, canvas: Locator, asked: list[str]) -> None:
    """Hear the sound alone: no picture is asked for."""
    before = len(asked)
    page.keyboard.press("v")
    page.keyboard.down("p")
    expect(page.get_by_text("playing the sound, picture off")).to_be_visible()
    page.wait_for_timeout(800)
    page.keyboard.up("p")
    expect(page.get_by_text("hold P to listen")).to_be_visible()
    assert (len(asked), canvas.is_hidden()) == (before, True)


def test_a_film_plays_while_the_key_is_held_and_no_longer_and_every_piece_is_counted(
    at_desk: Callable[..., Page], world: World, live: Product
) -> None:
    page = at_desk("kim")
    desk.claim(page, f"/cases/{world.film}/")
    came: dict[str, list[str]] = {"clip": [], "sound": []}
    asked: list[str] = []

    def arrived(answer: Response) -> None:
        what = answer.url.partition("?")[0].rpartition("/")[2]
        if what in came:
            came[what].append(answer.headers["x-viewing"])

    page.on("response", arrived)
    page.on("request", lambda request: asked.append(request.url) if "/clip?" in request.url else None)
    page.locator(".tile", has_text="0:24").click()
    page.keyboard.press("Enter")
    canvas, frames = page.locator(".frame canvas"), page.get_by_role("listbox", name="Frames of this film")
    expect(frames.get_by_role("option").first).to_be_visible()
    page.evaluate(WATCH)
    page.wait_for_timeout(300)
    assert asked == []  # nothing is played before a key is held

    _play(page, canvas, frames)
    _listen(page, canvas, asked)

    expect(page.locator(".stage .pill", has_text="Basis 0:00–0:0")).to_be_visible()
    [act] = desk.saved(page, lambda: page.keyboard.press("1"))
    assert act["moment"]["from_ms"] < act["moment"]["until_ms"]
    assert rows.of(live, BASIS) == [["viewed", act["moment"]["from_ms"], act["moment"]["until_ms"]]]
    page.keyboard.press("z")  # before the film is decided again: the mark is there
    expect(page.locator(".stage .pill", has_text="Basis 0:00–0:0")).to_be_visible()

    played, told = page.evaluate("window.played"), dict(rows.of(live, PLAYED))
    assert set(came["clip"]) <= set(told)
    assert len(told) <= len(asked)  # what was asked for as the key went up may have been made, and never came
    counted = sum(ms or 0 for ms in told.values())
    assert (played["times"], played["since"]) == (4, None)
    assert counted > 600
    assert abs(counted - played["total"]) <= 60 * played["times"]
    heard = dict(rows.of(live, HEARD))
    assert set(heard) == set(came["sound"])
    assert 300 < sum(heard.values()) < 3000


def test_a_mark_outlives_the_page_and_a_damaged_film_shows_what_could_be_got_and_why(
    at_desk: Callable[..., Page], world: World, live: Product
) -> None:
    page = at_desk("kim")
    items = _items(live, world)
    desk.claim(page, f"/cases/{world.film}/")
    frames = page.get_by_role("listbox", name="Frames of this film").get_by_role("option")
    _open(page, items["02 cut.mkv"])
    expect(frames.first).to_be_visible()
    damage = page.locator(".stage .warn-t")
    expect(damage).to_contain_text("Cut off. The preview shows what is there.")
    expect(damage).to_contain_text("frames could be got, the last at 0:0")
    expect(page.get_by_text("A film without sound.")).to_be_visible(timeout=desk.PATIENCE)
    assert complaints(page, "a damaged film") == []
    page.keyboard.press("End")
    [act] = desk.saved(page, lambda: page.keyboard.press("i"))
    page.reload()
    desk.ready(page)
    _open(page, items["02 cut.mkv"])
    expect(page.locator(".stage .pill", has_text="Basis 0:0")).to_be_visible()
    [taken] = desk.saved(page, lambda: page.keyboard.press("Shift+I"))
    assert (act["act"], act["moment"]["until_ms"], taken["moment"]) == ("mark", None, None)
    _open(page, items["03 torn.mp4"])
    expect(damage).to_contain_text("Damaged: the decoder cannot make a picture of it.")
    expect(frames).to_have_count(0)
    _open(page, items["01 hill.mp4"])
    expect(page.get_by_role("img", name="How loud the film is").locator("path")).to_have_attribute("d", re.compile("V"))


def _items(live: Product, world: World) -> dict[str, str]:
    """By the names of their files."""
    return {name: str(item) for name, item in rows.of(live, ITEMS, world.film)}


def _open(page: Page, item: str) -> None:
    page.keyboard.press("Escape")
    page.locator(f'.tile[data-item="{item}"]').click()
    page.keyboard.press("Enter")


def test_a_supervisor_plays_a_film_on_its_page_outside_any_batch(
    at_desk: Callable[..., Page], world: World, live: Product
) -> None:
    page = at_desk("lee")
    page.goto(f"/items/{_items(live, world)['01 hill.mp4']}/")
    sent: list[str] = []
    page.on(
        "request",
        lambda request: sent.append(request.url) if re.search("/media/.*/(clear|clip|sound)", request.url) else None,
    )
    stage, canvas = page.get_by_role("region", name="Item in focus"), page.locator(".frame canvas")
    expect(page.get_by_role("listbox", name="Frames of this film").get_by_role("option").first).to_be_visible()
    assert complaints(page, "a film on its page") == []
    stage.focus()
    assert sent == []  # nothing before a key is held
    desk.unveil(page, ".board .focus")
    with page.expect_response("**/api/v1/viewings"):
        page.keyboard.down("p")
        expect(canvas).to_be_visible(timeout=desk.PATIENCE)
        page.wait_for_timeout(500)
        page.keyboard.up("p")
    expect(canvas).to_be_hidden()
    page.keyboard.press("v")
    page.keyboard.down("p")
    expect(page.get_by_text("playing the sound, picture off")).to_be_visible()
    page.wait_for_timeout(700)
    page.keyboard.up("p")
    page.wait_for_load_state("networkidle")
    told = rows.of(live, OUTSIDE)
    assert [kind for kind, ms in told if ms] == ["frame", "clip", "sound"]
