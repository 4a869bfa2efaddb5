"""The page of one item: a supervisor holds a key to see the picture, and decides from what was seen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import desk
from tests.browser.conftest import World

pytestmark = pytest.mark.browser


def test_a_supervisor_unveils_the_picture_only_while_holding_and_his_decision_counts_as_viewed(
    at_desk: Callable[..., Page], world: World
) -> None:
    page = at_desk("lee")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/clear") else None)
    page.goto(world.pages["item"])
    clear, button = page.locator(".frame img.clear"), page.get_by_role("button", name="Hold to unveil")
    button.focus()
    page.wait_for_load_state("networkidle")
    assert asked == []
    with page.expect_response("**/api/v1/viewings") as told:
        desk.unveil(page, ".frame")
    assert told.value.ok
    sent = told.value.request.post_data_json or {}
    assert [look["revealed_ms"] > 0 for look in sent["viewings"]] == [True]
    button.hover()
    page.mouse.down()
    expect(clear).to_be_visible(timeout=desk.PATIENCE)
    page.mouse.up()
    expect(clear).to_have_count(0)
    assert len(asked) == 1
    form = page.locator("form").filter(has=page.get_by_role("heading", name="Supersede the decision"))
    form.get_by_label("Category").select_option("2")
    form.get_by_label("Reason").fill("a coast, not a hill")
    form.get_by_role("button", name="Supersede").click()
    decided = page.get_by_role("group", name="Decisions").get_by_role("row").nth(1)
    expect(decided).to_contain_text("Viewed")
    expect(decided).to_contain_text("a coast, not a hill")


def test_who_may_not_look_outside_a_batch_is_not_offered_it(at_desk: Callable[..., Page], world: World) -> None:
    page = at_desk("kim")
    page.goto(world.pages["item"])
    expect(page.get_by_role("heading", name="Found in")).to_be_visible()
    expect(page.get_by_role("button", name="Hold to unveil")).to_have_count(0)
    expect(page.get_by_role("group", name="Found in").get_by_role("row").nth(1)).to_contain_text(".jpg")
