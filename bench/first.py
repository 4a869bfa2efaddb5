"""From "Add evidence" to the first item a person can look at: a folder of 10,000 pictures, the whole product."""

import time

from playwright.sync_api import Page

from bench import browser
from bench.figures import Row, median
from tests import product
from tests.browser import desk

REPEATS = 3
FULL, SMALL = 10_000, 2_000  # pictures
MUST_S = 20


def run(*, full: bool) -> list[Row]:
    """Three folders, one after the other, each into an agency that knows none of its pictures."""
    number = FULL if full else SMALL
    with browser.at_work() as (live, page):
        browser.pictures(live.data / "drawn", number)
        seconds = median(lambda: _first(live, page), REPEATS)
    return [Row(f"first reviewable item of {number:,} pictures, seconds", seconds, must=MUST_S)]


_rounds = iter(range(REPEATS))


def _first(live: product.Product, page: Page) -> float:
    """Seconds from the press of the button until the first item is unveiled."""
    name = f"round-{next(_rounds)}"
    for path in sorted((live.data / "drawn").rglob("*.jpg")):
        copy = live.data / "inbox" / name / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes() + name.encode())
    case = desk.open_case(page, name)
    start = desk.choose_evidence(page, case, name, "X-1", "folder")
    began = time.monotonic()
    start.click()
    page.wait_for_url(case)
    while not _claimed(page):
        page.wait_for_timeout(200)
        page.goto(case)
    desk.ready(page)
    desk.unveil(page)
    seconds = time.monotonic() - began
    _pause(page, case)
    return seconds


def _claimed(page: Page) -> bool:
    """Whether the queue had something for us; the page of the case comes back otherwise."""
    page.get_by_role("button", name="Review next batch").click()
    page.wait_for_load_state("domcontentloaded")
    return "/batches/" in page.url


def _pause(page: Page, case: str) -> None:
    """Hold the ingest, so that the next round has the machine to itself."""
    page.goto(case)
    button = page.get_by_role("button", name="Pause X-1")
    if button.count():
        button.click()
        page.wait_for_timeout(3000)
