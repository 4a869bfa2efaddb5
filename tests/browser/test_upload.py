"""Uploading a folder in a browser: the connection is cut, the page loaded anew, a pause made; nothing is lost."""

import json
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser import desk
from tests.product import Product

pytestmark = pytest.mark.browser
NUMBERS = count(1)
SMALL, LARGE = 250, 20 * 1024 * 1024  # files of a few bytes; bytes of one that goes in three pieces


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("card") / "DCIM"
    (place / "sub").mkdir(parents=True)
    for number in range(SMALL):
        (place / "sub" / f"{number:03} é.txt").write_text(f"note {number}")
    (place / "large.bin").write_bytes(bytes(range(256)) * (LARGE // 256))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def page(browser: Browser, live: Product, sessions: dict[str, Any]) -> Iterator[Page]:
    """A page whose console may tell of lost connections."""
    page = browser.new_page(base_url=live.url, storage_state=sessions["kim"])
    page.set_default_timeout(60_000)
    yield page
    page.context.unroute_all(behavior="ignoreErrors")  # a request that is still held would hold up the end
    page.close()


@pytest.fixture
def case(page: Page) -> str:
    """The address of a case that has nothing yet."""
    return urlsplit(desk.open_case(page, f"UP-{next(NUMBERS)}")).path


def upload(page: Page, case: str, ref: str, folder: Path) -> None:
    page.goto(f"{case}evidence/new/")
    form = page.locator("form[data-upload]")
    form.get_by_label("Exhibit number").fill(ref)
    form.get_by_label("or a folder").set_input_files(folder)
    expect(form.get_by_role("status")).to_contain_text(f"{SMALL + 1} files")
    form.get_by_role("button", name="Upload and start").click()


class Connection:
    """The way of what carries bytes: it lets so many requests through, then loses all until it is mended."""

    def __init__(self, context: BrowserContext, lets: int) -> None:
        self.lets, self.lost, self.context = lets, 0, context
        for place in ("**/files/", "**/api/v1/uploads/*"):
            context.route(place, self._pass)

    def _pass(self, route: Route) -> None:
        if self.lets:
            self.lets -= 1
            route.continue_()
        else:
            self.lost += 1
            route.abort("connectionreset")

    def until_lost(self, page: Page) -> None:
        """Wait until a request is lost, and the page says so."""
        while not self.lost:
            page.wait_for_timeout(50)
        expect(page.locator("[data-upload-line]")).to_contain_text("What was sent is kept. Trying again")

    def mend(self, lets: int = 1000) -> None:
        """Let so many requests through; the browser notices that it is online again."""
        self.lets, self.lost = lets, 0
        self.context.set_offline(True)
        self.context.set_offline(False)


def in_ledger(live: Product, case: str, ref: str) -> dict[str, Any]:
    """Files, different names and bytes of the exhibit, once its ingest began."""
    asked = f"""
import json
from django.db.models import Count, Sum
from cases.models import FileInstance
rows = FileInstance.objects.filter(exhibit__case__public_id={case.split("/")[2]!r}, exhibit__ref={ref!r})
told = rows.aggregate(files=Count("pk"), names=Count("name_key", distinct=True), bytes=Sum("size"))
told["rejected"], told["doubled"] = rows.filter(state="rejected").count(), rows.filter(ordinal__gt=0).count()
print(json.dumps(told))
"""
    answer: dict[str, Any] = json.loads(live.manage("shell", "-v", "0", "-c", asked))
    return answer


def whole(folder: Path) -> dict[str, Any]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return {"files": len(files), "names": len(files), "bytes": size, "rejected": 0, "doubled": 0}


def test_a_folder_comes_whole_over_a_connection_that_is_cut_three_times(
    page: Page, case: str, live: Product, folder: Path
) -> None:
    connection = Connection(page.context, lets=1)
    upload(page, case, "CUT-1", folder)
    for lets in (2, 2, 1000):
        connection.until_lost(page)
        connection.mend(lets)
    page.wait_for_url(f"**{case}")
    assert in_ledger(live, case, "CUT-1") == whole(folder)


def test_a_page_loaded_anew_sends_only_what_is_missing(page: Page, case: str, live: Product, folder: Path) -> None:
    connection = Connection(page.context, lets=2)
    upload(page, case, "ANEW-1", folder)
    connection.until_lost(page)
    page.goto(f"{case}evidence/new/")  # from here on the first page tries no more
    expect(page.get_by_text("200 files came, 51 more announced.")).to_be_visible()
    connection.mend()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/files/") else None)
    upload(page, case, "ANEW-1", folder)
    page.wait_for_url(f"**{case}")
    assert len(sent) == 1
    assert in_ledger(live, case, "ANEW-1") == whole(folder)


def test_an_upload_is_paused_and_goes_on_and_keeps_nothing_in_the_browser(
    page: Page, case: str, live: Product, folder: Path
) -> None:
    connection = Connection(page.context, lets=1)
    upload(page, case, "PAUSE-1", folder)
    connection.until_lost(page)
    form = page.locator("form[data-upload]")
    form.get_by_role("button", name="Pause").click()
    expect(form.get_by_role("status")).to_have_text("Paused. What was sent is kept.")
    connection.mend()
    assert page.evaluate("[...Object.values(localStorage), ...Object.values(sessionStorage)].join()").count("DCIM") == 0
    form.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"**{case}")
    assert in_ledger(live, case, "PAUSE-1") == whole(folder)


def test_an_upload_ended_as_it_is_says_of_each_missing_file_that_it_never_came(
    page: Page, case: str, live: Product, folder: Path
) -> None:
    connection = Connection(page.context, lets=1)
    upload(page, case, "SHORT-1", folder)
    connection.until_lost(page)
    page.goto(f"{case}evidence/new/")
    page.get_by_role("button", name="End it as it is SHORT-1").click()
    page.wait_for_url(f"**{case}")
    assert in_ledger(live, case, "SHORT-1") == whole(folder) | {"rejected": 151}
