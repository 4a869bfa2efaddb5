"""A folder comes whole over a line that is cut three times (`make prove NAME=uploads` kills the web process too)."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.product import Product
from tests.programmes import uploads

pytestmark = pytest.mark.browser
FILES, SIZE, LARGE = 150, 2000, 12_000_000  # bytes; the large one comes in two pieces


@pytest.mark.slow
def test_of_a_folder_over_a_line_cut_three_times_nothing_is_lost_or_doubled(
    live: Product, browser: Browser, tmp_path: Path
) -> None:
    folder = tmp_path / "card"
    there = uploads.written(folder, FILES, SIZE) | uploads.written(folder / "large", 1, LARGE)
    there = {f"card/{name}" if name.startswith("large/") else name: digest for name, digest in there.items()}
    desk = uploads.Desk(live, browser, kills=False)
    try:
        sent = desk.upload("CUT", folder, there, cuts=3)
    finally:
        desk.line.end()
        desk.page.close()
    assert (sent.cuts, sent.wrong) == (3, [])
