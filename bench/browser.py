"""The whole product and a Chromium on it, for measurements of what a person at the screen waits for."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests import chromium, product
from tests.browser import desk

WINDOW = {"width": 1440, "height": 900}
NAME, PASSWORD = "kim", "a-heron-on-the-breakwater"


@contextmanager
def at_work() -> Iterator[tuple[product.Product, Page]]:
    """Have the product run inside the block, an investigator signed in at its first page."""
    if chromium.path() is None:
        sys.exit(chromium.HOW)
    with product.running("--workers=2", data=Path(tempfile.mkdtemp(prefix="winnow-bench-"))) as live:
        live.manage("agency", "add", "bench", "--name", "Bench")
        told = live.manage("person", "add", NAME, "--agency", "bench", "--role", "investigator", "--json")
        link = json.loads(told.splitlines()[-1])["link"]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.flags())
            page = browser.new_page(base_url=live.url, viewport=WINDOW)  # type: ignore[arg-type]
            page.set_default_timeout(desk.PATIENCE)
            desk.set_up(page, link, PASSWORD)
            desk.sign_in(page, NAME, PASSWORD)
            yield live, page
            browser.close()


def pictures(into: Path, number: int) -> None:
    """Draw small pictures, none like another, in a process of its own: drawing needs the product's packages only."""
    into.mkdir(parents=True, exist_ok=True)
    code = "import sys; from pathlib import Path; from tests.browser import pictures; "
    code += "pictures.charts(Path(sys.argv[1]), int(sys.argv[2]), first_seed=1)"
    subprocess.run([sys.executable, "-c", code, str(into), str(number)], check=True)
