"""A list over a line that is cut: the page is loaded anew, the same file chosen again, and only the rest is sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.desk import PATIENCE
from tests.browser.test_axe import complaints
from tests.browser.test_sets import make_set
from tests.product import Product

pytestmark = pytest.mark.browser
PIECE = 8 << 20  # bytes; as static/js/pieces.js sends


def long_list(folder: Path) -> Path:
    """Two entries behind so many comments that the list comes in two pieces."""
    path = folder / "long.csv"
    rows = "".join(f"{number:064x},1\n" for number in (1, 2))
    path.write_text(f"sha256,category\n{('# ' + 'padding ' * 120 + chr(10)) * 9000}{rows}")
    assert PIECE < path.stat().st_size < 2 * PIECE
    return path


@pytest.fixture
def page(browser: Browser, live: Product, sessions: dict[str, Any]) -> Iterator[Page]:
    """A supervisor's page, which may say on its console that the line was cut."""
    context = browser.new_context(base_url=live.url, storage_state=sessions["lee"])
    yield context.new_page()
    context.close()


def test_a_list_that_was_cut_goes_on_after_a_reload_and_is_imported(page: Page, tmp_path: Path) -> None:
    path = long_list(tmp_path)
    address = make_set(page, "Cut lines")
    sent = list[str]()

    def noted(request: Request) -> None:
        if request.method == "PATCH":
            sent.append(request.headers["upload-offset"])

    def cut(route: Route) -> None:
        if route.request.method == "PATCH" and route.request.headers["upload-offset"] != "0":
            route.abort("connectionreset")
        else:
            route.continue_()

    page.on("request", noted)
    page.on("dialog", lambda dialog: dialog.accept())  # "leave the page?"
    page.route("**/hashsets/uploads/**", cut)
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("[data-upload-line]")).to_contain_text("What was sent is kept.", timeout=PATIENCE)
    assert complaints(page, "a list whose upload was cut") == []
    page.goto("about:blank")  # or the page that was cut would try again meanwhile
    page.unroute("**/hashsets/uploads/**")
    sent.clear()
    page.goto(address)
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator('[data-field="state"]')).to_have_text("done", timeout=PATIENCE)
    assert sent == [str(PIECE)]
    expect(page.locator(".kpis")).to_contain_text("2", timeout=PATIENCE)
    expect(page.get_by_text("2 read, 2 used")).to_be_visible(timeout=PATIENCE)
