"""Key to next item painted, in Chromium on the whole product: 200 decisions by key press.

From the time stamp of the key's event (when the browser got it) until the frame that shows the next item in focus is
drawn: a message posted while that frame is prepared arrives right after it. Beside it, what the browser itself reports
for the same key presses (Event Timing, until the frame is on the screen, in steps of 8 ms).
"""

import statistics

from playwright.sync_api import Page

from bench import browser
from bench.figures import Row
from tests.browser import desk

REPEATS = 1
FULL, SMALL = 200, 60  # decisions
MUST_MS = 50
PAUSE_MS = 120  # between two keys: a fast person

WATCH = """
() => {
  window.waits = [];
  window.reported = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === "keydown") window.reported.push(entry.duration);
  }).observe({ type: "event", durationThreshold: 16 });
  document.addEventListener("keydown", (event) => {
    const before = document.querySelector(".tile.here")?.dataset.place;
    const drawn = new MessageChannel();
    drawn.port1.onmessage = () => {
      const after = document.querySelector(".tile.here")?.dataset.place;
      window.waits.push(before === after ? null : performance.now() - event.timeStamp);
    };
    requestAnimationFrame(() => drawn.port2.postMessage(0));
  }, { capture: true });
}
"""


def run(*, full: bool) -> list[Row]:
    """Two hundred decisions (60 without `full`), every key press measured."""
    number = FULL if full else SMALL
    with browser.at_work() as (live, page):
        evidence = live.data / "inbox" / "many"
        browser.pictures(evidence, number + 20)
        case = desk.open_case(page, "B-1")
        live.manage("ingest", "B-1", str(evidence), "--exhibit", "X-1", "--wait", "--as", browser.NAME)
        waits, reported = _decide(page, case, number)
    moved = sorted(wait for wait in waits if wait is not None)
    return [
        Row("key to next item painted, ms, p95", round(_part(moved, 0.95), 1), must=MUST_MS),
        Row("key to next item painted, ms, median", round(statistics.median(moved), 1)),
        Row("key to next item painted, ms, longest", round(moved[-1], 1)),
        Row("the same as Chromium reports it, ms, p95", _part(sorted(reported), 0.95)),
        Row("key presses that moved nothing", len(waits) - len(moved), must=0),
    ]


def _decide(page: Page, case: str, number: int) -> tuple[list[float | None], list[float]]:
    """Press digits at a fast person's pace; the milliseconds of each (None: the focus stayed), and those reported."""
    waits, reported = list[float | None](), list[float]()
    while len(waits) < number:
        desk.claim(page, case)
        page.wait_for_timeout(2000)  # everything is loaded and at rest
        page.evaluate(WATCH)
        size = int(page.evaluate("document.querySelector('[data-part=total]').textContent.match(/[0-9]+/)[0]"))
        for press in range(min(number - len(waits), size - 1)):
            page.keyboard.press("1235"[press % 4])
            page.wait_for_timeout(PAUSE_MS)
        page.wait_for_timeout(500)
        waits += page.evaluate("window.waits")
        reported += page.evaluate("window.reported")
        page.get_by_role("button", name="End batch").click()
        page.get_by_role("button", name="Stop for now").click()
        page.wait_for_url(case)
    return waits, reported


def _part(ordered: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    return ordered[min(len(ordered) - 1, round(share * len(ordered)))] if ordered else 0.0
