"""A scripted person at the desk, in Chromium on the whole product: what a planted case costs in looks, keys and time.

Of ten files three show a motif for the first time, three are look-alikes of those (saved anew, some of them smaller),
four are exact copies. The person lets pictures be veiled after a glance, holds Space, takes 0.9 s for each picture and
decides the stack by the motif in its name. Looks and unveiled time are the server's, beside the script's own count.
"""

import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, Response
from playwright.sync_api import TimeoutError as TookTooLong

from bench import browser
from bench.figures import Row
from tests.browser import desk
from tests.programmes import kills

REPEATS = 1
FULL, SMALL = 600, 45  # motifs
CODES = "1235"
STUCK = 60.0  # seconds without a picture to decide: then the run has failed
THINK_MS = 900  # for each picture
OPTIMUM = 0.3  # looks a file, as planted
ALIKE_WITHIN = 12  # bits, as planted: a look reaches 16
STANDS = """
SELECT convert_from(f.raw_path, 'UTF8'), st.code FROM cases_fileinstance f
LEFT JOIN cases_standing st ON st.content_id = f.content_id
"""
LOOKS = """
SELECT count(*) FILTER (WHERE revealed_ms > 0), coalesce(sum(revealed_ms), 0)::bigint, count(*) FROM cases_viewing
"""
HERE = """() => ({
  item: document.querySelector('.tile.here')?.dataset.item ?? null,
  busy: document.querySelector('.tile.here')?.getAttribute('aria-busy') === 'true',
  done: document.querySelector('.tile.here')?.classList.contains('done') ?? true,
  clear: document.querySelector('.tile.here img.clear, .tile.here .bl') !== null, // is, or was while nobody asked
  name: document.querySelector('[data-part=inspector] .name')?.textContent ?? '',
  next: document.querySelector('.tile.here')?.nextElementSibling?.dataset.item ?? null,
  over: document.querySelector('dialog[data-part=finish]').open,
})"""
VITALS = """() => new Promise((done) => {
  const found = { lcp: 0, cls: 0 };
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { found.lcp = e.startTime; }))
    .observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { if (!e.hadRecentInput) found.cls += e.value; }))
    .observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => done(found), 300);
})"""


@dataclass(slots=True)
class Person:
    """What the script did and saw."""

    looks: Counter[str] = field(default_factory=Counter)  # by item: how often its picture was clear
    keys: list[int] = field(default_factory=list)  # for each picture looked at
    seconds: float = 0.0  # at the desk
    acts: int = 0
    sent: Counter[str] = field(default_factory=Counter)  # clear pictures by item, as they came over the wire
    meant: set[str] = field(default_factory=set)  # items that had the focus, or were next


def run(*, full: bool) -> list[Row]:
    """600 motifs with `full`, that is 2,000 files; else 45."""
    motifs = FULL if full else SMALL
    with browser.at_work() as (live, page):
        evidence = live.data / "inbox" / "planted"
        plant(evidence, motifs)
        case = desk.open_case(page, "B-1")
        live.manage("ingest", "B-1", str(evidence), "--exhibit", "X-1", "--wait", "--as", browser.NAME)
        wait_for_stacks(live)
        person, first, page_figures = Person(), _first_decision(page), dict[str, float]()
        devtools = page.context.new_cdp_session(page)
        page.on("response", lambda answer: _came(person, answer))
        while desk_has_more(page, case):
            page_figures = page_figures or page.evaluate(VITALS)
            before = heap(devtools)
            review(page, person)
            page_figures["grown"] = (heap(devtools) - before) / 1e6
            page.get_by_role("button", name="Stop for now").click()
            page.wait_for_url(case)
        stands, [(looks, revealed, sent)] = kills.ask(live, STANDS), kills.ask(live, LOOKS)
    files = len(stands)
    wrong = sum(code != code_of(path) for path, code in stands)
    hour = 3600 / person.seconds
    return [
        Row("files", files),
        Row("looks a decided file, against the planted optimum", round(looks / files / OPTIMUM, 4), must=1.1, aim=1.05),
        Row("files decided wrongly, or not at all", wrong, must=0),
        Row("looks the server counted beside the script's own", looks - sum(person.looks.values()), must=0),
        Row("keys a viewed picture, unveiling included, median", statistics.median(person.keys), must=1.3, aim=1.1),
        Row("stack decisions an hour short of 3,400", max(0, round(3400 - person.acts * hour)), must=0),
        Row("stack decisions an hour", round(person.acts * hour)),
        Row("files an hour", round(files * hour)),
        Row("unveiled time against unveiled review", round(revealed / (files * THINK_MS), 4), must=0.25, aim=0.15),
        Row("clear pictures sent that were neither in focus nor next", len(person.sent.keys() - person.meant), must=0),
        Row("clear pictures sent", sent),
        Row("sign-in to first decision, s", round(first, 2), must=3, aim=1.5),
        Row("largest paint, ms", round(page_figures["lcp"]), must=1000),
        Row("layout shift", round(page_figures["cls"], 4), must=0.02, aim=0),
        Row("heap grown over the last batch, MB", round(page_figures["grown"], 2), must=20),
    ]


def plant(into: Path, motifs: int) -> None:
    """Draw the evidence in a process of its own: drawing needs the product's packages, not its settings."""
    subprocess.run([sys.executable, "-m", "bench.person", str(into), str(motifs)], check=True)


def draw(into: Path, motifs: int) -> None:
    """`motifs` pictures, as many look-alikes, and four copies for three of them."""
    from cases.demo import charts, landscapes
    from workbench.jail import pdq
    from workbench.perceptual import distance

    kinds = [*landscapes.KINDS, "grid", "balls", "waves"]
    (into / "copies").mkdir(parents=True)
    taken, motif, seed = list[bytes](), 0, 0
    while motif < motifs:
        kind, seed = kinds[seed % len(kinds)], seed + 1
        picture = charts.draw(kind, seed) if kind in charts.KINDS else landscapes.draw(kind, seed, (640, 480))
        picture = picture.convert("RGB")
        lead, _quality = pdq.compute(picture)
        like = next((data for data in _likes(picture) if lead and distance(lead, _hash(data)) <= ALIKE_WITHIN), None)
        if not lead or like is None or any(distance(lead, other) < 100 for other in taken):
            continue  # too plain, or too like another: no motif of its own
        taken.append(lead)
        data = _saved(picture, 90)
        (into / f"{motif:04}-a.jpg").write_bytes(data)
        (into / f"{motif:04}-b.jpg").write_bytes(like)
        copied = [data, like] if motif % 3 == 0 else [data if motif % 2 else like]
        for place, copy in enumerate(copied):
            (into / "copies" / f"{motif:04}-copy{place}.jpg").write_bytes(copy)
        motif += 1


def _likes(picture: Any) -> Any:
    yield _saved(picture.resize((400, 300)), 70)
    yield _saved(picture, 55)
    yield _saved(picture, 80)


def _saved(picture: Any, quality: int) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _hash(data: bytes) -> bytes:
    from PIL import Image

    from workbench.jail import pdq

    with Image.open(io.BytesIO(data)) as picture:
        return pdq.compute(picture.convert("RGB"))[0]


def code_of(path: str) -> str:
    """The category of a planted file."""
    return CODES[int(Path(path).name[:4]) % len(CODES)]


def wait_for_stacks(live: Any) -> None:
    """Until every picture has met the others."""
    deadline = time.monotonic() + 300
    while kills.ask(live, "SELECT count(*) FROM cases_uncompared")[0][0]:
        assert time.monotonic() < deadline, "the stacks are not built"
        time.sleep(0.5)


def _first_decision(page: Page) -> float:
    """Signing in anew until a first decision is on the screen: Enter, and a digit; then it is taken back."""
    page.context.clear_cookies()
    page.goto("/signin/")
    page.get_by_label("Name").fill(browser.NAME)
    page.get_by_label("Password").fill(browser.PASSWORD)
    began = time.monotonic()
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/signin/" not in url)
    page.keyboard.press("Enter")
    desk.focused(page).wait_for()
    page.locator(".tile.here:focus").wait_for()
    page.keyboard.press("1")
    page.locator(".tile.done, .tile.here[aria-busy=true]").first.wait_for()
    took = time.monotonic() - began
    page.wait_for_timeout(600)
    page.keyboard.press("z")
    page.wait_for_timeout(600)
    return took


def desk_has_more(page: Page, case: str) -> bool:
    """Open the next batch from the page of the case, if there is one."""
    page.goto(case)
    return next_batch(page)


def next_batch(page: Page) -> bool:
    """Enter on the page of a case, or at the end of a batch, claims the next one; whether there was one."""
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    try:
        page.locator(".tile.here:focus").wait_for(timeout=8000)
    except TookTooLong:
        return False
    page.wait_for_timeout(1000)
    return True


def review(page: Page, person: Person, until: Callable[[], bool] = lambda: False) -> None:
    """Decide a batch: Space stays down, each picture is veiled again after a glance, Shift and a digit decide.

    `until` is asked before each look; the batch is left as it is once it says so.
    """
    glance = page.get_by_role("button", name="Glance")
    if glance.get_attribute("aria-pressed") == "false":
        glance.click()
        page.locator(".tile.here").focus()
    began, keys, moved = time.monotonic(), 1, time.monotonic()
    page.keyboard.down("Space")
    while True:
        here = page.evaluate(HERE)
        if here["over"] or until():
            break
        person.meant |= {here["item"], here["next"]} - {None}
        if not here["clear"] or here["busy"] or here["done"]:
            if time.monotonic() - moved > STUCK:
                _tell_where(page, here)
            page.wait_for_timeout(5)
            continue
        moved = time.monotonic()
        person.looks[here["item"]] += 1
        page.wait_for_timeout(THINK_MS)
        name = page.evaluate(HERE)["name"]
        page.keyboard.press(f"Shift+{code_of(name)}")
        person.acts += 1
        person.keys.append(keys + 1)
        keys = 0
    page.keyboard.up("Space")
    person.seconds += time.monotonic() - began
    page.wait_for_timeout(600)


def _tell_where(page: Page, here: dict[str, Any]) -> None:
    """End a run that has come to a stand, and say what the screen says."""
    picture = Path(tempfile.mkdtemp(prefix="winnow-stuck-")) / "screen.png"
    page.screenshot(path=picture)
    said = page.locator("main, dialog[open], [role=alert]").all_inner_texts()
    raise RuntimeError(f"No picture to decide for {STUCK:.0f} s, at {here}, see {picture}:\n" + "\n".join(said))


def _came(person: Person, answer: Response) -> None:
    if answer.url.endswith("/clear") and answer.ok:
        person.sent[answer.url.split("/")[-2]] += 1


def heap(devtools: CDPSession) -> float:
    """Bytes of live JavaScript objects."""
    devtools.send("HeapProfiler.collectGarbage")
    devtools.send("Performance.enable")
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize"))


if __name__ == "__main__":
    draw(Path(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps({"drawn": sys.argv[2]}))
