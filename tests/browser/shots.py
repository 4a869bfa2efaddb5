"""Screenshots of every page of the demo, to be looked at beside the mock-ups.

`python -m tests.browser.shots FOLDER` starts the product with the demo and writes them, light and dark, 1280 and
1920 wide. `python -m tests.browser.shots --readme` writes docs/review-dark.png and docs/ten-seconds.jpg, nothing else.
"""

import argparse
import io
import re
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests import chromium, product
from tests.browser import desk
from workbench.launcher.addresses import CHECKOUT

WIDTHS = {1280: 800, 1920: 1080}
THEMES = ("light", "dark")
README = CHECKOUT / "docs" / "review-dark.png"
STRIP = CHECKOUT / "docs" / "ten-seconds.jpg"
FIXED = {
    "home": "/", "cases": "/cases/", "new-case": "/cases/new/", "publish": "/publish/sign/", "offers": "/publish/",
    "hash-sets": "/hashsets/",
    "health": "/hashsets/health/", "exchange": "/exchange/", "disputes": "/exchange/disputes/",
    "pair": "/exchange/pair/",
    "foreign-sources": "/exchange/sources/", "follow-a-source": "/exchange/sources/new/?kind=stopncii",
    "new-set": "/hashsets/new/", "schemes": "/hashsets/schemes/", "scheme": "/hashsets/schemes/us-pvic/1/",
    "look-up": "/hashsets/lookup/", "log": "/audit/?entry=3", "exports": "/exports/",
    "account": "/account/", "keys": "/account/keys/", "viewing": "/viewing/", "dashboard": "/oversight/",
    "limits": "/oversight/limits/",
    "limits-and-breaks": "/oversight/limits/rules/",
}  # fmt: skip
OF_CASE = {
    "case": "", "add-evidence": "evidence/new/", "problems": "problems/", "items": "items/", "map": "map/",
    "exports-case": "exports/",
}  # fmt: skip


def main() -> None:
    """Start the demo, walk through it as its people, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--readme", action="store_true", help="only the pictures in docs/")
    asked = parser.parse_args()
    if not asked.folder and not asked.readme:
        parser.error("name a folder, or --readme")
    with product.running("--demo", "--workers=2", data=Path(tempfile.mkdtemp(prefix="winnow-shots-"))) as live:
        passwords = wait_for_demo(live)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.flags())
            if asked.readme:
                readme(browser, live.url, passwords["dana"])
                strip(browser, live.url, passwords["dana"])
            else:
                everything(browser, live.url, passwords, asked.folder)
            browser.close()


def wait_for_demo(live: product.Product) -> dict[str, str]:
    """Wait until the demo is loaded; returns the passwords that were printed once."""
    deadline = time.monotonic() + 600
    while live.output.count(" to review.") < 2:  # one sentence a case
        assert live.up.poll() is None, live.output
        assert time.monotonic() < deadline, live.output
        time.sleep(0.5)
    return dict(re.findall(r"^\s*(\w+)\s+(\w{5}(?:-\w{5}){3})\s", live.output, re.MULTILINE))


def everything(browser: Browser, url: str, passwords: dict[str, str], into: Path) -> None:
    """Each page as the person who works there sees it."""
    into.mkdir(parents=True, exist_ok=True)
    pages = [browser.new_page(base_url=url) for _ in range(2)]
    for page, name in zip(pages, ("dana", "sam"), strict=True):
        page.set_default_timeout(desk.PATIENCE)
        page.goto("/signin/")
        shoot(page, into, "signin")
        desk.sign_in(page, name, passwords[name])
    dana, sam = pages
    case = work_a_little(dana)
    review(dana, into)
    prepare(sam, case)
    for name, path in FIXED.items() | {(name, f"{case}{rest}") for name, rest in OF_CASE.items()}:
        sam.goto(path)
        shoot(sam, into, name)
    follow(sam, into, "item", f"{case}items/", "#item-rows a")
    follow(sam, into, "set", "/hashsets/", 'a:has-text("Reference")')
    of_set = sam.url
    follow(sam, into, "versions", of_set, 'a:has-text("All versions")')
    follow(sam, into, "search-in-set", of_set, 'a:has-text("Search in it")')
    follow(sam, into, "overlap", of_set, 'a:has-text("Overlap")')
    follow(sam, into, "import-run", of_set, "tbody td.full a")
    sets(sam, into, of_set)
    draft(sam, into)
    dana.goto(f"{case}queue/?order=time")
    shoot(dana, into, "what-comes-next")
    dana.goto("/goto/?q=IMG_")
    shoot(dana, into, "go-to")
    dana.goto("/")
    shoot(dana, into, "home-investigator")
    second_view(dana, sam, browser.new_page(base_url=url), passwords["noor"], case, into)


def second_view(dana: Page, sam: Page, noor: Page, password: str, case: str, into: Path) -> None:
    """Noor gives second views of what Dana decided, mostly the same; Sam rules."""
    dana.goto(f"{case}")
    desk.claim(dana, case)
    dana.get_by_role("button", name="End batch").click()
    dana.get_by_role("button", name="Stop for now").click()
    dana.wait_for_url("**/cases/*/")
    noor.set_default_timeout(desk.PATIENCE)
    desk.sign_in(noor, "noor", password)
    shoot(noor, into, "home-second")
    noor.get_by_role("button", name="Second view").first.click()
    desk.ready(noor)
    for key in "1125":
        desk.unveil(noor)
        noor.keyboard.press(key)
    noor.wait_for_timeout(1500)
    shoot(noor, into, "second-view")
    noor.goto(case)
    shoot(noor, into, "case-owing")
    noor.go_back()
    desk.ready(noor)
    noor.get_by_role("button", name="End batch").click()
    noor.get_by_role("button", name="Stop for now").click()
    noor.wait_for_url("**/cases/*/")
    sam.goto("/ruling/")
    shoot(sam, into, "ruling")
    sam.goto("/second/")
    shoot(sam, into, "second")
    sam.goto("/publish/sign/")
    shoot(sam, into, "publish-choose")
    sam.get_by_role("button", name="Check the chosen cases").click()
    shoot(sam, into, "publish-check")


def sets(page: Page, into: Path, of_set: str) -> None:
    """A policy, a list that is only checked, and an answer of each kind."""
    follow(page, into, "policy", of_set, 'a:has-text("Change")')
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "part of the set.csv"
        page.goto(of_set)
        page.get_by_label("Format").select_option("csv")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Save the set").click()
        lines = waiting.value.path().read_text().splitlines()
        saved.write_text("\n".join(lines[: len(lines) // 2]))
        page.get_by_label("File", exact=True).set_input_files(saved)
        page.get_by_role("button", name="Check first").click()
    shoot(page, into, "check-waiting")
    page.get_by_role("button", name="Import this list now").wait_for(timeout=60_000)
    shoot(page, into, "check")
    known = [line.split(",")[1] for line in lines[1:4]]
    page.goto("/hashsets/lookup/")
    page.get_by_label("What it is for").fill("phone of case 0417")
    unknown = [f"{number:032x}  quay {number}.jpg" for number in range(1, 400)]
    rubbish = [f"line {number} of a letter" for number in range(24)]
    pasted = [f"{known[0]}  pier at dusk.jpg", *known[1:], *unknown, *rubbish]
    page.get_by_label("Hashes", exact=True).fill("\n".join(pasted))
    page.get_by_role("button", name="Look up", exact=True).click()
    shoot(page, into, "look-up-answer")
    page.get_by_role("heading", name="Not looked up").scroll_into_view_if_needed()
    shoot(page, into, "look-up-rest")


def draft(page: Page, into: Path) -> None:
    """A scheme of the agency's own that somebody writes."""
    page.goto("/hashsets/schemes/new/")
    page.get_by_label("Name").fill("Harbour codes")
    page.get_by_label("Id", exact=True).fill("harbour")
    page.get_by_label("Begin with").select_option(index=1)
    page.get_by_role("button", name="Begin the draft").click()
    shoot(page, into, "scheme-draft")
    page.goto("/hashsets/schemes/")
    shoot(page, into, "schemes-with-draft")


def work_a_little(page: Page) -> str:
    """Decide some items, looking at each; the batch stays open. Returns the address of the case."""
    page.get_by_role("link", name="NM-2026-0417").first.click()
    page.wait_for_url("**/cases/*/")
    case = page.url
    desk.claim(page, case)
    for key in "1123512xs15321":
        if desk.focused(page).locator(".none").count() == 0:
            desk.unveil(page)
        page.keyboard.press(key)
    page.wait_for_timeout(1500)
    return case


def review(page: Page, into: Path) -> None:
    """The queue, a side trip, the viewer, the sheet of keys, a stack, the end of a batch."""
    shoot(page, into, "review")
    page.keyboard.press("y")
    page.locator('[data-part="beside"] li, [data-part="beside"] .t2').first.wait_for()
    shoot(page, into, "beside")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    shoot(page, into, "viewer")
    page.keyboard.press("Shift+Slash")
    shoot(page, into, "keys")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    if _open_a_film(page):
        page.keyboard.press("ArrowRight")
        page.keyboard.down("Space")
        page.locator(".board .focus img.clear").wait_for()
        shoot(page, into, "storyboard")
        page.keyboard.up("Space")
        page.keyboard.press("i")
        page.keyboard.press("v")
        shoot(page, into, "clip")
        page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.locator(".tile.stackd:not(.done)").first.click()
    page.keyboard.press("t")
    page.locator(".stackview .tile.here:focus").wait_for()
    desk.unveil(page, ".stackview .tile.here")
    page.keyboard.press("ArrowRight")
    shoot(page, into, "stack")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="End batch").click()
    shoot(page, into, "finish")
    page.get_by_role("button", name="Back").or_(page.get_by_role("button", name="Look back")).first.click()


def _open_a_film(page: Page) -> bool:
    """Open the first film of the batch that has a storyboard; whether there is one on the screen."""
    for tile in page.locator(".tile:has(.tag.br)").all():
        tile.click()
        page.keyboard.press("Enter")
        page.wait_for_timeout(1000)
        if page.locator(".board .focus").count():
            return True
        page.keyboard.press("Escape")
    return False


def prepare(page: Page, case: str) -> None:
    """An export to show, and a verified log."""
    page.goto(f"{case}exports/")
    page.get_by_role("button", name="Build").click()
    page.goto("/audit/")
    page.get_by_role("button", name="Verify all").click()


def follow(page: Page, into: Path, name: str, start: str, link: str) -> None:
    """A page that is reached by the first such link."""
    page.goto(start)
    page.locator(link).first.click()
    page.wait_for_load_state()
    shoot(page, into, name)


def shoot(page: Page, into: Path, name: str) -> None:
    """The page as it is, in every width and theme."""
    before = page.locator("html").get_attribute("data-theme")
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            page.wait_for_timeout(300)
            page.screenshot(path=into / f"{name}-{theme}-{width}.png")
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", before)


def readme(browser: Browser, url: str, password: str) -> None:
    """The picture of the README: the demo's queue, veiled, dark, some of it decided."""
    page = browser.new_page(base_url=url, viewport={"width": 1280, "height": 800})
    page.set_default_timeout(desk.PATIENCE)
    desk.sign_in(page, "dana", password)
    work_a_little(page)
    page.screenshot(path=README)


def strip(browser: Browser, url: str, password: str) -> None:
    """Ten seconds of review, a frame a second: Space stays down, each picture is veiled again after a glance."""
    page = browser.new_page(base_url=url, viewport={"width": 1280, "height": 800})
    page.set_default_timeout(desk.PATIENCE)
    desk.sign_in(page, "dana", password)
    page.goto("/")
    page.keyboard.press("Enter")
    desk.ready(page)
    page.get_by_role("button", name="Glance").click()
    desk.focused(page).focus()
    page.keyboard.down("Space")
    frames = list[Image.Image]()
    for number in range(10):
        page.locator(".tile.here img.clear").wait_for(timeout=5000)
        frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize((640, 400)))
        page.wait_for_timeout(900)
        page.keyboard.press(f"Shift+{'12315'[number % 5]}")
    page.keyboard.up("Space")
    whole = Image.new("RGB", (2 * 640, 5 * 400))
    for number, frame in enumerate(frames):
        whole.paste(frame, (number % 2 * 640, number // 2 * 400))
    whole.save(STRIP, quality=82)


if __name__ == "__main__":
    main()
