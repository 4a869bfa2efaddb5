"""The review page by keys alone: what was visible is what is meant, and nothing is clear before somebody asks."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Response, expect

from tests.browser import desk
from tests.browser.conftest import World
from tests.browser.desk import focused, place, tile

pytestmark = pytest.mark.browser


@pytest.fixture
def review(at_desk: Callable[..., Page], world: World) -> Page:
    """Kim's review page with a fresh batch of eight pictures, the first one in focus."""
    page = at_desk("kim")
    desk.claim(page, world.fresh_case())
    return page


def units(page: Page) -> list[str]:
    """The stacks of the batch in their order, asked from the server."""
    batch = page.locator("main").get_attribute("data-batch")
    answer = page.request.get(f"/api/v1/batches/{batch}/units?after=0&limit=60")
    return [unit["id"] for unit in answer.json()["units"]]


def states(page: Page) -> list[str | None]:
    """What the server holds about each unit: a code, an outcome or nothing."""
    batch = page.locator("main").get_attribute("data-batch")
    answer = page.request.get(f"/api/v1/batches/{batch}/units?after=0&limit=60")
    return [unit["code"] or unit["outcome"] for unit in answer.json()["units"]]


def test_each_key_acts_on_the_item_that_was_visible_however_fast_they_come(review: Page) -> None:
    order = units(review)
    sent = desk.saved(review, lambda: desk.press(review, "1", "Numpad2", "x", "s", "5"), 5)
    meant = [(act["stack"], act["act"], act.get("code")) for act in sent]
    kinds = [("decide", "1"), ("decide", "2"), ("unsure", None), ("skip", None), ("decide", "5")]
    assert meant == [(stack, *kind) for stack, kind in zip(order, kinds, strict=False)]
    assert place(review) == 5
    expect(tile(review, 0).locator(".verdict")).to_have_text("1 Alpine")
    expect(tile(review, 2).locator(".verdict")).to_have_text("Unsure")
    assert states(review)[:6] == ["1", "2", "unsure", "skipped", "5", None]


def test_a_key_that_is_no_category_of_the_scheme_does_nothing(review: Page) -> None:
    for key in ("9", "0", "q"):
        review.keyboard.press(key)
    sent = desk.saved(review, lambda: review.keyboard.press("3"))
    assert [(act["stack"], act["code"]) for act in sent] == [(units(review)[0], "3")]


def test_z_takes_back_step_by_step_and_shift_z_makes_it_again(review: Page) -> None:
    desk.saved(review, lambda: desk.press(review, "1", "2", "5"), 3)
    desk.saved(review, lambda: desk.press(review, "z", "z"), 2)
    assert place(review) == 1
    assert states(review)[:4] == ["1", None, None, None]
    desk.saved(review, lambda: review.keyboard.press("z"))
    assert place(review) == 0
    review.keyboard.press("z")
    expect(review.locator("[data-live]")).to_contain_text("Nothing to undo")
    desk.saved(review, lambda: desk.press(review, "Shift+Z", "Shift+Z"), 2)
    assert states(review)[:4] == ["1", "2", None, None]


def test_keys_do_nothing_in_a_field_with_a_modifier_or_under_the_sheet_of_keys(review: Page) -> None:
    review.keyboard.press("/")
    search = review.get_by_role("combobox", name="Go to case, hash, person")
    expect(search).to_be_focused()
    review.keyboard.type("15xsz ?")
    expect(search).to_have_value("15xsz ?")
    focused(review).focus()
    for key in ("Control+1", "Alt+1", "Meta+1", "Control+x", "Alt+s", "Control+Backquote"):
        review.keyboard.press(key)
    review.keyboard.press("Shift+Slash")
    sheet = review.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_be_visible()
    for key in "12xsz":
        review.keyboard.press(key)
    review.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(focused(review)).to_be_focused()
    sent = desk.saved(review, lambda: review.keyboard.press("1"))
    assert [act["stack"] for act in sent] == units(review)[:1]
    assert states(review) == ["1", *[None] * 7]


def test_enter_opens_the_viewer_where_the_same_keys_decide_and_esc_comes_back(review: Page) -> None:
    review.keyboard.press("ArrowRight")
    review.keyboard.press("Enter")
    stage = review.get_by_role("region", name="Item in focus")
    expect(stage).to_be_focused()
    expect(stage.locator("h2")).to_have_text("01 chart.jpg")
    desk.unveil(review, ".stage .frame")
    sent = desk.saved(review, lambda: review.keyboard.press("2"))
    assert [act["stack"] for act in sent] == units(review)[1:2]
    assert all(viewing["revealed_ms"] > 0 for viewing in sent[0]["viewings"])
    expect(stage.locator("h2")).to_have_text("02 chart.jpg")
    review.keyboard.press("Escape")
    expect(focused(review)).to_be_focused()
    assert place(review) == 2


def test_the_panic_key_veils_what_is_held_and_what_was_left_open(review: Page) -> None:
    clear = review.locator("img.clear")
    review.keyboard.down("Space")
    expect(clear).to_be_visible(timeout=desk.PATIENCE)
    review.keyboard.press("Backquote")
    expect(clear).to_have_count(0)
    review.keyboard.up("Space")
    review.keyboard.press("1")  # uncovers the window, and nothing else
    review.keyboard.press("b")  # blur off: the item in focus stays clear
    expect(clear).to_be_visible(timeout=desk.PATIENCE)
    review.keyboard.press("Backquote")
    expect(clear).to_have_count(0)
    expect(review.get_by_role("button", name="Blur")).to_have_attribute("aria-pressed", "true")


def test_a_picture_is_clear_only_while_the_key_is_held_and_the_window_has_the_focus(review: Page) -> None:
    clear = review.locator("img.clear")
    expect(clear).to_have_count(0)
    review.keyboard.down("Space")
    expect(clear).to_have_count(1, timeout=desk.PATIENCE)
    assert str(clear.get_attribute("src")).startswith("blob:")
    review.evaluate("window.dispatchEvent(new Event('blur'))")
    expect(clear).to_have_count(0)
    review.keyboard.up("Space")
    desk.unveil(review)
    review.keyboard.down("Space")
    expect(clear).to_have_count(1, timeout=desk.PATIENCE)
    review.keyboard.press("ArrowRight")
    expect(clear).to_have_count(0)
    review.keyboard.up("Space")


def test_who_decides_with_the_key_held_sees_the_next_and_a_glance_ends_by_itself(review: Page) -> None:
    clear = review.locator(".tile.here img.clear")
    review.keyboard.down("Space")
    expect(clear).to_be_visible(timeout=desk.PATIENCE)
    desk.saved(review, lambda: desk.press(review, "1", "2"), number=2)
    assert place(review) == 2
    expect(clear).to_be_visible(timeout=desk.PATIENCE)
    review.keyboard.up("Space")
    expect(review.locator("img.clear")).to_have_count(0)
    review.get_by_role("button", name="Glance").click()
    review.keyboard.down("Space")
    expect(clear).to_be_visible(timeout=desk.PATIENCE)
    expect(clear).to_have_count(0)  # though the key is down
    review.keyboard.up("Space")
    review.get_by_role("button", name="Glance").click()


def test_a_picture_stays_clear_while_the_key_is_held_though_the_tiles_are_made_anew(review: Page) -> None:
    clear = review.locator(".tile.here img.clear")
    review.keyboard.down("Space")
    expect(clear).to_be_visible(timeout=desk.PATIENCE)
    review.set_viewport_size({"width": 1100, "height": 700})
    review.keyboard.press("BracketRight")
    expect(review.locator('[data-part="size"]')).to_have_text("148")
    expect(clear).to_be_visible()
    review.keyboard.up("Space")
    expect(review.locator("img.clear")).to_have_count(0)


@pytest.fixture
def clear_traffic(at_desk: Callable[..., Page]) -> tuple[Page, list[Request], list[Response]]:
    """Kim's browser, and what it asks for of clear pictures from the first page on."""
    page = at_desk("kim")
    asked, answered = list[Request](), list[Response]()
    page.on("request", lambda request: asked.append(request) if request.url.endswith("/clear") else None)
    page.on("response", lambda answer: answered.append(answer) if answer.url.endswith("/clear") else None)
    return page, asked, answered


def test_clear_pictures_are_fetched_for_the_item_in_focus_and_the_next_only_and_never_stored(
    clear_traffic: tuple[Page, list[Request], list[Response]], world: World
) -> None:
    page, asked, answered = clear_traffic
    desk.claim(page, world.fresh_case())
    batch = page.locator("main").get_attribute("data-batch")
    found = page.request.get(f"/api/v1/batches/{batch}/units?after=0&limit=60").json()["units"]
    items = [unit["item"] for unit in found]
    page.wait_for_load_state("networkidle")
    assert [item_of(request) for request in asked] == items[:2]
    assert page.locator("img.clear").count() == 0
    with page.expect_response(lambda answer: answer.url.endswith(f"{items[2]}/clear")):
        page.keyboard.press("ArrowRight")
    page.wait_for_load_state("networkidle")
    assert [item_of(request) for request in asked] == items[:3]
    assert len(answered) == 3
    for answer in answered:
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["x-viewing"]
        assert answer.headers["content-type"] == "image/jpeg"


def item_of(request: Request) -> str:
    """The item a clear picture was asked for."""
    return urlsplit(request.url).path.split("/")[2]


def test_a_step_made_again_can_be_undone_again(review: Page) -> None:
    desk.saved(review, lambda: review.keyboard.press("1"))
    for _round in range(2):
        desk.saved(review, lambda: review.keyboard.press("z"))
        assert states(review)[0] is None
        desk.saved(review, lambda: review.keyboard.press("Shift+Z"))
        assert states(review)[0] == "1"


def test_unsure_skip_and_backspace_end_the_decision_and_z_brings_it_back(review: Page) -> None:
    desk.saved(review, lambda: desk.press(review, "1", "2", "3"), 3)
    review.keyboard.press("Home")
    desk.saved(review, lambda: desk.press(review, "x", "ArrowLeft"))
    assert states(review)[:3] == ["unsure", "2", "3"]
    desk.saved(review, lambda: review.keyboard.press("z"))
    assert states(review)[:3] == ["1", "2", "3"]
    review.keyboard.press("Home")
    desk.saved(review, lambda: review.keyboard.press("Backspace"))
    expect(tile(review, 0).locator(".verdict")).to_have_count(0)
    assert states(review)[:3] == [None, "2", "3"]


def test_a_key_that_was_changed_by_pressing_it_works_at_the_desk_and_stands_where_hints_do(
    at_desk: Callable[..., Page], world: World
) -> None:
    page = at_desk("kim")
    page.goto("/account/keys/")
    field = page.get_by_label("unsure, asks a second view", exact=True)
    field.focus()
    page.keyboard.press("f")
    expect(page.locator('[data-said="unsure"]')).to_have_text("Also “flag, or take the flag away”")
    page.keyboard.press("q")
    expect(field).to_have_value("Q")
    page.keyboard.press("Tab")  # nobody is caught in a field
    expect(page.get_by_role("button", name="Back to how it came: unsure, asks a second view")).to_be_focused()
    page.get_by_role("button", name="Keep these keys").click()
    expect(page.get_by_text("Your keys are kept.")).to_be_visible()
    desk.claim(page, world.fresh_case())
    expect(page.get_by_role("button", name="Unsure").locator("kbd")).to_have_text("Q")
    page.keyboard.press("x")
    expect(page.locator(".scope")).to_contain_text("Key X does nothing here")
    sent = desk.saved(page, lambda: page.keyboard.press("q"))
    assert [act["act"] for act in sent] == ["unsure"]
    page.keyboard.press("Shift+Slash")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet.locator("p").filter(has_text="unsure, asks a second view").locator("kbd")).to_have_text("Q")
    sheet.get_by_role("link", name="Change keys").click()
    page.get_by_role("button", name="All as they came").click()
    expect(page.get_by_text("All keys are as they came.")).to_be_visible()


def test_n_keeps_a_note_without_the_mouse_and_esc_leaves_it(review: Page) -> None:
    review.keyboard.press("n")
    field = review.get_by_label("Note")
    expect(field).to_be_focused()
    review.keyboard.type("pier 15, x and s")
    sent = desk.saved(review, lambda: review.keyboard.press("Enter"))
    assert [(act["act"], act["text"]) for act in sent] == [("note", "pier 15, x and s")]
    inspector = review.locator('[data-part="inspector"]')
    expect(inspector).to_contain_text("pier 15, x and s · You")
    expect(focused(review)).to_be_focused()
    assert (place(review), states(review)) == (0, [None] * 8)
    review.keyboard.press("n")
    review.keyboard.type(" more")
    review.keyboard.press("Escape")
    expect(focused(review)).to_be_focused()
    expect(inspector).not_to_contain_text("more")
    expect(inspector).to_contain_text("Begun, not kept.")
    review.keyboard.press("n")
    expect(field).to_have_value("pier 15, x and s more")  # Esc leaves the field, not the words
    field.fill("pier 15, x and s")
    review.keyboard.press("Escape")
    expect(inspector).not_to_contain_text("Begun, not kept.")
