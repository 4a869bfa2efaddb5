"""Second views and rulings at the browser: blind on the wire, keys as in the first review, a ruling by keys."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser import desk, rows
from tests.browser.conftest import World
from tests.browser.test_axe import complaints
from tests.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.slow]


FIRST = """
SELECT d.public_id, u.public_id FROM cases_decision d JOIN workbench_user u ON u.id = d.by_id
JOIN cases_case k ON k.id = d.case_id WHERE k.number = 'BR-SECOND' AND u.username = 'kim'
"""


def test_a_second_view_is_given_by_keys_and_the_wire_tells_nothing_of_the_first(
    at_desk: Callable[..., Page], world: World, live: Product
) -> None:
    page, bodies, strips = at_desk("jo"), list[str](), list[str]()

    def note(answer: Response) -> None:
        if "/api/v1/" in answer.url and "json" in answer.headers.get("content-type", ""):
            bodies.append(answer.text())
        elif "/strip?" in answer.url:  # not the script of that name
            strips.append(answer.body().decode("latin-1"))

    page.goto("/")
    page.on("response", note)
    page.get_by_role("button", name="Second view").first.click()
    desk.ready(page)
    expect(page.get_by_text("Second view, blind")).to_be_visible()
    expect(page.locator(".context img").nth(4)).to_be_visible(timeout=desk.PATIENCE)  # itself, and up to eight
    assert page.locator(".context button").count() == 0
    told = [json.loads(strip[4 : strip.index("}") + 1]) for strip in strips]
    assert {tuple(one) for one in told} == {("names", "before", "facts", "map")}
    desk.unveil(page)
    desk.press(page, "1", "w")
    sheet = page.get_by_role("dialog", name="Why 1 Alpine, item 1")
    sheet.get_by_label("Rather sure").check()
    sheet.get_by_label("Reason").fill("a lake, not the sea")
    assert complaints(page, "why") == []
    with page.expect_response("**/grounds") as kept:
        page.keyboard.press("Enter")
    assert kept.value.ok
    desk.saved(page, lambda: desk.press(page, "z"))
    expect(desk.focused(page).locator(".verdict")).to_have_count(0)
    desk.saved(page, lambda: desk.press(page, "2", "x", "s", "1"), 4)
    expect(page.get_by_role("dialog")).to_contain_text("skipped", timeout=desk.PATIENCE)
    page.wait_for_function("() => document.querySelectorAll('.tile .verdict').length === 4")
    secrets = ["Kim", '"kim"', '"by"', *(secret for row in rows.of(live, FIRST) for secret in row)]
    assert len(secrets) > 6
    assert [secret for secret in secrets for text in bodies if secret in text] == []
    assert '"code":"1"' not in bodies[0].replace(" ", "")  # before the second person gave one
    assert any('"version"' in text for text in bodies)
    told = [text for text in bodies if '"why"' in text]
    assert told
    assert [text for text in told if "Order of" in text or "match" in text or "folder 1" in text] == []
    page.get_by_role("button", name="Stop for now").click()
    page.wait_for_url(f"**{world.pages['second case']}", timeout=desk.PATIENCE)
    expect(page.get_by_role("button", name="Second view, 1")).to_be_visible()  # what was skipped; unsure goes to others


def test_a_supervisor_reads_both_codes_and_rules_by_keys(at_desk: Callable[..., Page], world: World) -> None:
    page = at_desk("lee")
    page.goto(world.pages["ruling"])
    expect(page.get_by_role("heading", name="One of the two")).to_be_visible()
    before = page.locator("#ruling-rows tr").count()
    text = page.locator("main").inner_text()
    assert ("Kim" in text, "Jo" in text) == (False, False)
    page.keyboard.press("1")  # without a reason nothing is ruled
    expect(page.get_by_label("Reason for the ruling")).to_be_focused()
    page.keyboard.type("1 is what the scheme says")
    page.keyboard.press("Enter")
    desk.unveil(page, ".frame")
    page.keyboard.press("1")
    expect(page.get_by_text("Ruled. Both codes and your reason stay in the record.")).to_be_visible(
        timeout=desk.PATIENCE
    )
    assert page.locator("#ruling-rows tr").count() == before - 1
