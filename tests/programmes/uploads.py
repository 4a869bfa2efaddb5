"""A browser's upload over a connection cut three times, the web process killed at one: nothing is lost or doubled.

`python -m tests.programmes uploads [FILES [MEGABYTES]]`: so many files of 20 kB, then one file of so many megabytes,
each sent undisturbed and disturbed. At last the files once more: their ingest is paused, every service stopped and
started, the ingest resumed, and the exhibit removed.
"""

import hashlib
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from tests import chromium, product
from tests.browser import desk
from tests.product import Product
from tests.programmes import kills
from tests.programmes._line import Line
from workbench.launcher.processes import Process

DEFAULTS = (10_000, 300)  # files, megabytes of the large one
SIZE = 20_000  # bytes of a small file
NOISE = 7_777_777  # bytes after which the noise of a large file comes again: no piece is like another
NAME, PASSWORD, CASE = "noor", "a-heron-on-the-breakwater", "UPLOADS"
PATIENCE = 1_800_000  # milliseconds for one upload
STATE = "SELECT state FROM cases_exhibit WHERE ref = '{}'"
CAME = """
SELECT f.raw_path, encode(c.sha256, 'hex') FROM cases_fileinstance f JOIN cases_exhibit x ON x.id = f.exhibit_id
LEFT JOIN cases_content c ON c.id = f.content_id WHERE x.ref = '{}' ORDER BY f.raw_path
"""
LEFT = "SELECT pending + hashed FROM cases_exhibit WHERE ref = '{}'"
COUNTED = """
SELECT files FROM cases_tally t JOIN cases_exhibit x ON x.id = t.exhibit_id WHERE x.ref = '{}' AND files <> 0
"""
Files = dict[str, str]  # name as the browser gives it -> SHA-256


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one upload."""

    seconds: float
    cuts: int
    wrong: list[str]


def main(arguments: list[str]) -> int:
    """Print times and what was lost, doubled or different; 0 when nothing was."""
    files, megabytes = [*map(int, arguments), *DEFAULTS[len(arguments) :]]
    with tempfile.TemporaryDirectory(prefix="winnow-uploads-") as place, _at_work() as (winnow, browser):
        uploader = Desk(winnow, browser, kills=True)
        try:
            small, large = Path(place) / "SMALL", Path(place) / "LARGE"
            wrong = _cut(uploader, small, written(small, files, SIZE))
            wrong += _interrupted(uploader, small, written(small, files, SIZE))
            wrong += _cut(uploader, large, written(large, 1, megabytes * 1_000_000))
        finally:
            uploader.end()
    return 1 if wrong else 0


def _cut(uploader: "Desk", folder: Path, there: Files) -> int:
    """Send a folder undisturbed and disturbed; how many differences there are."""
    ref, size = folder.name, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    calm, cut = uploader.upload(f"{ref}-CALM", folder, there, 0), uploader.upload(ref, folder, there, 3)
    wrong = [*calm.wrong, *cut.wrong, *(["the line was not cut three times"] if cut.cuts != 3 else [])]
    print("\n".join(wrong), end="\n" if wrong else "")
    rate = f"{calm.seconds:.1f} s ({size / 1e6 / calm.seconds:.1f} MB/s) undisturbed"
    print(f"{len(there):,} files, {size / 1e6:,.0f} MB: {rate}, {cut.seconds:.1f} s with {cut.cuts} cuts;", end=" ")
    print(f"{len(wrong)} differences.", flush=True)
    return len(wrong)


def _interrupted(uploader: "Desk", folder: Path, there: Files) -> int:
    """Send it, pause its ingest, restart all, resume, remove it; how many differences there are."""
    wrong, left = uploader.interrupt("HELD", folder, there)
    wrong += [] if left else ["the ingest was over before it could be paused"]
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"paused with {left:,} files to go, all services restarted, resumed, removed:", end=" ")
    print(f"{len(wrong)} differences.", flush=True)
    return len(wrong)


@contextmanager
def _at_work() -> Iterator[tuple[Product, Browser]]:
    if chromium.path() is None:
        sys.exit(chromium.HOW)
    with product.running("--workers=1") as winnow, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=chromium.flags())
        yield winnow, browser
        browser.close()


def written(folder: Path, number: int, size: int) -> Files:
    """Make files of noise in some folders; what must come of them."""
    noise, there = random.Random(number), dict[str, str]()
    for one in range(number):
        name = f"{folder.name}/{one % 7}/{one:05} é.bin"
        path = folder.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = noise.randbytes(min(size, NOISE)) * (1 + size // NOISE)
        path.write_bytes(data[:size])
        there[name] = hashlib.sha256(data[:size]).hexdigest()
    return there


class Desk:
    """Somebody who uploads, behind a line that may be cut; with `kills`, the web process dies at the second cut."""

    def __init__(self, winnow: Product, browser: Browser, *, kills: bool) -> None:
        self.winnow, self.kills = winnow, kills
        self._port = urlsplit(winnow.url).port or 80
        self.line = Line(self._port, self._struck)
        self.page: Page = browser.new_page(base_url=self.line.url)
        self.page.set_default_timeout(desk.PATIENCE)
        winnow.manage("agency", "add", "uploads", "--name", "Uploads")
        told = winnow.manage("person", "add", NAME, "--agency", "uploads", "--role", "investigator", "--json")
        desk.set_up(self.page, json.loads(told.splitlines()[-1])["link"], PASSWORD)
        desk.sign_in(self.page, NAME, PASSWORD)
        winnow.manage("case", "create", CASE, "--name", "Uploads", "--scheme", "landscapes-t1", "--as", NAME)
        self.page.goto("/cases/")
        self.case = str(self.page.get_by_role("link", name=CASE).first.get_attribute("href"))

    def _struck(self, number: int) -> None:
        if self.kills and number == 2:
            pid, started = kills.kept(self.winnow)["web"]
            Process(pid, started).signal_group(signal.SIGKILL)

    def upload(self, ref: str, folder: Path, there: Files, cuts: int) -> Sent:
        """Send the folder, the line cut so often on the way; compare what the ledger holds in the end."""
        seconds = self._send(ref, folder, cuts)
        kills.until(lambda: self._state(ref) == "done", "the ingest to be done")
        return Sent(seconds, self.line.cuts, list(differences(there, kills.ask(self.winnow, CAME.format(ref)))))

    def interrupt(self, ref: str, folder: Path, there: Files) -> tuple[list[str], int]:
        """Send it; pause, stop and start every service, resume; remove it. (differences, files left at the pause)."""
        self._send(ref, folder, 0)
        row = self.page.get_by_role("row").filter(has_text=ref)
        row.get_by_role("button", name="Pause").click()
        kills.until(lambda: self._state(ref) == "paused", "the ingest to be paused")
        left = int(kills.ask(self.winnow, LEFT.format(ref))[0][0])
        product.stop(self.winnow)
        self.winnow = product.start(self.winnow.data, "--workers=1", f"--bind=127.0.0.1:{self._port}")
        self.page.goto(self.case)
        row.get_by_role("button", name="Resume").click()
        kills.until(lambda: self._state(ref) == "done", "the resumed ingest to be done")
        wrong = list(differences(there, kills.ask(self.winnow, CAME.format(ref))))
        self.page.goto(self.case)
        row.get_by_role("button", name=f"Remove {ref}").click()
        self.page.get_by_label("Reason").locator("visible=true").fill("sent three times")
        self.page.get_by_role("button", name="Remove the exhibit").locator("visible=true").click()
        kills.until(lambda: self._state(ref) == "removed", "the exhibit to be removed")
        wrong += [
            f"{files} files of {ref} are still counted" for (files,) in kills.ask(self.winnow, COUNTED.format(ref))
        ]
        self.winnow.manage("case", "check", CASE, "--as", NAME)
        return wrong, left

    def end(self) -> None:
        """Nobody uploads any more."""
        self.line.end()
        product.stop(self.winnow)

    def _state(self, ref: str) -> str:
        return str(kills.ask(self.winnow, STATE.format(ref))[0][0])

    def _send(self, ref: str, folder: Path, cuts: int) -> float:
        """Seconds from the button to the case's page."""
        self.page.goto(f"{self.case}evidence/new/")
        form = self.page.locator("form[data-upload]")
        form.get_by_label("Exhibit number").fill(ref)
        form.get_by_label("or a folder").set_input_files(folder)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        self.line.cuts = 0
        self.line.cut_after(*(size * cut // (cuts + 1) for cut in range(1, cuts + 1)))
        began = time.monotonic()
        form.get_by_role("button", name="Upload and start").click()
        self.page.wait_for_url(f"**{self.case}", timeout=PATIENCE)
        return time.monotonic() - began


def differences(there: Files, came: list[tuple[bytes, str]]) -> Iterator[str]:
    """In words: what was lost, doubled or became different."""
    names = [bytes(name).decode() for name, _digest in came]
    times = Counter(names)
    yield from (f"lost: {name}" for name in there.keys() - set(names))
    yield from (f"doubled or never sent: {name}" for name in times if times[name] > 1 or name not in there)
    found = dict(zip(names, (digest for _name, digest in came), strict=True))
    yield from (f"other bytes: {name}" for name in there.keys() & found.keys() if there[name] != found[name])
