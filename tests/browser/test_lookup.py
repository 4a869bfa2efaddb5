"""Looking files up: they are hashed in the browser, and nothing of them but their hashes leaves it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser import pictures
from tests.browser.conftest import World
from tests.browser.test_axe import complaints

pytestmark = pytest.mark.browser
KINDS = ("md5", "sha1", "sha256")
LARGE = 9 * 1024 * 1024 + 5  # bytes: three pieces, the last one short


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A picture that the set of the scene knows, and a larger file that nobody does."""
    known, unknown = tmp_path / "lantern on the pier.jpg", tmp_path / "breakwater.bin"
    known.write_bytes(pictures.jpeg(1))
    unknown.write_bytes((b"fog and gulls " * LARGE)[:LARGE])
    return [known, unknown]


@pytest.fixture
def page(at_desk: Callable[..., Page], world: World) -> Page:
    opened = at_desk("lee")
    opened.goto(world.pages["look-up"])
    return opened


def drop(page: Page, files: list[Path]) -> None:
    """Drop files as a person does, from outside the browser."""
    box = page.locator("[data-drop]").bounding_box()
    assert box
    devtools = page.context.new_cdp_session(page)
    dragged = {"items": [], "files": [str(path) for path in files], "dragOperationsMask": 1}
    for what in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 20}
        devtools.send("Input.dispatchDragEvent", {"type": what, "data": dragged, **place})


def test_of_dropped_files_nothing_but_hashes_is_sent(page: Page, files: list[Path]) -> None:
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))  # noqa: PLW0108 Playwright marks what it calls
    page.get_by_label("What it is for").fill("phone of case 0417")
    drop(page, files)
    rows = page.locator("[data-lookup-found] tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("lantern on the pier.jpg")
    for words in ("known", "Reference v", "2 ", "md5 + sha1 + sha256, strong"):
        expect(rows.nth(0)).to_contain_text(words)
    expect(rows.nth(1)).to_contain_text("unknown")
    expect(page.get_by_role("heading", name="Files looked up")).to_be_focused()
    (asked,) = [request for request in sent if request.method == "POST"]
    wanted = {hashlib.new(kind, path.read_bytes()).hexdigest() for path in files for kind in KINDS}
    body = asked.post_data_buffer or b""
    assert {line for line in body.decode().split() if len(line) in {32, 40, 64} and line.isalnum()} == wanted
    assert len(body) < 1200
    for request in sent:
        told = (request.post_data_buffer or b"") + request.url.encode() + repr(request.all_headers()).encode()
        for kept in (b"lantern", b"breakwater", b"fog and gulls", files[0].read_bytes()[100:116]):
            assert kept not in told
    assert complaints(page, "files looked up") == []


def test_what_a_tool_printed_is_answered_with_hits_first_and_the_rest_told_apart(page: Page, files: list[Path]) -> None:
    known = hashlib.sha256(files[0].read_bytes()).hexdigest()
    lines = [f"{hashlib.sha256(b'quay %d' % number).hexdigest()}  quay {number}.jpg" for number in range(3)]
    page.get_by_label("What it is for").fill("phone of case 0417")
    page.get_by_label("Hashes", exact=True).fill("\n".join([*lines, f"{known} *lantern on the pier.jpg", "a letter"]))
    page.get_by_role("button", name="Look up", exact=True).click()
    row = page.locator("table.tbl tbody tr").filter(has=page.get_by_text("known", exact=True))
    expect(row).to_have_count(1)
    expect(row).to_contain_text("lantern on the pier.jpg")
    expect(page.get_by_text("1 known, 3 unknown, 1 not looked up")).to_be_visible()
    expect(page.get_by_text("quay 2.jpg", exact=True)).to_be_hidden()
    page.get_by_text("3 unknown hashes").click()
    expect(page.get_by_text("quay 2.jpg", exact=True)).to_be_visible()
    assert complaints(page, "an answer") == []
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the answer").click()
    saved = waiting.value.path().read_text().splitlines()
    assert {line.split(",")[0] for line in saved} == {"line", "1", "2", "3", "4", "5"}


def test_hashing_waits_for_nobody_and_asking_waits_for_the_purpose(page: Page, files: list[Path]) -> None:
    page.get_by_label("What it is for").fill("")
    page.get_by_label("Files", exact=True).set_input_files(files)
    purpose = page.get_by_label("What it is for")
    expect(purpose).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="2 files hashed")).to_be_visible()
    purpose.press_sequentially("an audit of lists")
    button = page.get_by_role("button", name="Look files up")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-lookup-counts]")).to_have_text("1 known, 1 unknown")
    page.reload()
    expect(purpose).to_have_value("an audit of lists")


def test_the_page_answers_while_a_large_file_is_hashed_and_hashing_can_be_stopped(page: Page, tmp_path: Path) -> None:
    with (tmp_path / "film.mp4").open("wb") as film:
        film.truncate(3 << 30)  # holes: no disk is filled
    page.get_by_label("What it is for").fill("a film")
    page.get_by_label("Files", exact=True).set_input_files(tmp_path / "film.mp4")
    bar = page.get_by_role("progressbar", name="Hashing")
    expect(bar).to_be_visible()
    page.get_by_label("Hashes", exact=True).fill("typed meanwhile")
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status").filter(has_text="Stopped. Nothing was asked.")).to_be_visible()
    expect(page.get_by_role("button", name="Look files up")).to_be_disabled()
    expect(bar).to_be_hidden()
