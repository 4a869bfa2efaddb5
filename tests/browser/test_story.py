"""The whole story in browsers, as a person lives it: from an empty node to a published, proven, exported result."""

import hashlib
import io
import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hashsets import exchange
from hashsets.exchange import ReadOptions, Report
from hashsets.exchange.vics_case import CaseRecord, read_case
from tests import product
from tests.browser import desk, pictures
from tests.browser.desk import PATIENCE
from tests.shared_data import shared

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "seven-cranes-over-the-quay"
NORTH, SOUTH = ("story-north", "Northgate"), ("story-south", "Southgate")
PEOPLE = {
    "dana": (NORTH, ["investigator"]),
    "sam": (NORTH, ["supervisor", "exporter"]),
    "robin": (SOUTH, ["investigator", "supervisor"]),
}
NEW = ("bmp", "png", "webp")  # folders of the formats nobody knows yet; a set will know the rest
FOLDER, ZIP = "formats", "case-2.0-uk.zip"
IN_ZIP = 4  # files
SHARED_SET = "Northgate, Landscapes T1"
PUBLISHED_CODES = "1235"  # Comparison, 4, stays inside


def test_from_evidence_to_published_and_exported_results(
    live: product.Product, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    evidence = put_into_inbox(live)
    dana, sam, robin = (welcome(live, open_page(), name) for name in PEOPLE)

    case = desk.open_case(dana, "26-100", team=["Sam"])
    take_in(dana, case, FOLDER, "NG-01", "folder")
    take_in(dana, case, ZIP, "NG-02", "vics")
    others = desk.open_case(robin, "S-7")
    take_in(robin, others, FOLDER, "SG-01", "folder")
    watch_it_come_in(dana, case, "NG-01", "NG-02")
    watch_it_come_in(robin, others, "SG-01")
    new, known = parted(evidence)
    known += inside(live)

    to_decide = len(digests(new)) + IN_ZIP
    assert left(dana, case) > 4 * to_decide
    make_set(sam, "Reference", import_list(tmp_path, known))
    shrinks_to(dana, case, to_decide)
    accept_from_partner(robin)
    desk.claim(robin, others)

    ask_for_no_second_view(sam)
    codes, seen = review_by_keys(dana, case)
    assert left(dana, case) == 1  # one is unsure: it waits for another pair of eyes
    assert len(codes) == to_decide - 1

    published = sum(codes[place] in PUBLISHED_CODES for place in seen)
    publish(sam, published)
    the_partner_sees_why(robin, others, new)

    verify(sam)
    package = export(sam, case, tmp_path)
    compare(read(package), codes, known)
    read_again(sam, package)
    the_set_survives_a_journey(sam, tmp_path)


# ---- evidence ----


def put_into_inbox(live: product.Product) -> Path:
    """The test data where the browser may take it from; returns the folder."""
    inbox = live.data / "inbox"
    inbox.mkdir(exist_ok=True)
    shutil.copytree(shared("media/formats"), inbox / FOLDER)
    shutil.copy(shared(f"vics/{ZIP}"), inbox / ZIP)
    return inbox / FOLDER


def parted(evidence: Path) -> tuple[list[Path], list[Path]]:
    """Files nobody knows, and files a set will know; the same bytes never on both sides."""
    files = sorted(path for path in evidence.rglob("*") if path.is_file())
    new = [path for path in files if path.relative_to(evidence).parts[0] in NEW]
    return new, [path for path in files if path not in new and digest(path) not in digests(new)]


INSIDE = """
import json
from cases.models import FileInstance
found = FileInstance.objects.filter(parent__isnull=False, content__isnull=False)
print(json.dumps([bytes(sha256).hex() for sha256 in found.values_list("content__sha256", flat=True)]))
"""


def inside(live: product.Product) -> list[Path]:
    """The media that lay in other files (films of Motion Photos, thumbnails), where the store keeps them."""
    names = json.loads(live.manage("shell", "-v", "0", "-c", INSIDE))
    return [path for name in names for path in (live.data / "evidence").glob(f"*/*/{name}")]


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(paths: list[Path]) -> set[str]:
    """The different contents of some files."""
    return {digest(path) for path in paths}


def import_list(folder: Path, known: list[Path]) -> Path:
    """A CSV list of the hashes of these files."""
    path = folder / "reference.csv"
    path.write_text(pictures.hash_list(dict.fromkeys(known, "5")), encoding="utf-8")
    return path


# ---- people and cases ----


def welcome(live: product.Product, page: Page, name: str) -> Page:
    """Add a person on the command line, set a password with the one-time link, sign in."""
    (slug, agency), roles = PEOPLE[name]
    if name != "sam":  # dana was first in that agency
        live.manage("agency", "add", slug, "--name", agency)
    told = live.manage("person", "add", name, "--agency", slug, "--role", *roles, "--name", name.title(), "--json")
    desk.set_up(page, json.loads(told.splitlines()[-1])["link"], PASSWORD)
    desk.sign_in(page, name, PASSWORD)
    return page


def take_in(page: Page, case: str, entry: str, ref: str, source: str) -> None:
    """Add evidence from the inbox."""
    desk.choose_evidence(page, case, entry, ref, source).click()
    page.wait_for_url(case, timeout=PATIENCE)


def watch_it_come_in(page: Page, case: str, *refs: str) -> None:
    """Stay on the page of the case, which follows the ingest by itself, until every exhibit is done."""
    page.goto(case)
    for ref in refs:
        row = page.get_by_role("row").filter(has_text=ref)
        expect(row.get_by_text("Ready", exact=True)).to_be_visible(timeout=PATIENCE)


def left(page: Page, case: str) -> int:
    """How many items wait for a person."""
    page.goto(case)
    return int((page.locator('[data-field="ladder-left"]').text_content() or "").split()[0].replace(",", ""))


def shrinks_to(page: Page, case: str, number: int) -> None:
    """Look at the case again and again until that many items are left."""
    for _look in range(60):
        if left(page, case) == number:
            return
        page.wait_for_timeout(1000)
    assert left(page, case) == number


# ---- hash sets ----


def make_set(page: Page, name: str, listed: Path) -> str:
    """Make a hash set and import a list; returns the set's address once the import is done."""
    page.goto("/hashsets/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Scheme").select_option("landscapes-t1")
    page.get_by_role("button", name="Create set").click()
    page.get_by_label("File", exact=True).set_input_files(listed)
    address = page.url
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator('[data-field="state"]')).to_have_text("done", timeout=PATIENCE)
    return address


def accept_from_partner(page: Page) -> None:
    """The other agency accepts the first one's set, from provisional on."""
    page.goto("/hashsets/")
    page.get_by_role("link", name=SHARED_SET).click()
    page.get_by_role("link", name="Change for all dispositions").click()
    page.get_by_label("A strong match").select_option("accept")
    page.get_by_label("From trust").select_option("provisional")
    page.get_by_label("Reason").fill("agreed with the other agency")
    page.get_by_role("button", name="Set policy").click()
    expect(page.get_by_text("The policy is in force.")).to_be_visible(timeout=PATIENCE)


def saved_set(page: Page, address: str, format_id: str, into: Path) -> Path:
    """Save the version in force of a set as a file."""
    page.goto(address)
    page.get_by_label("Format").select_option(format_id)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the set").click()
    path = into / f"{len(list(into.iterdir()))}-{waiting.value.suggested_filename}"
    waiting.value.save_as(path)
    return path


def entries(path: Path) -> set[tuple[object, ...]]:
    """The entries of a saved set: hashes, size, category."""
    with path.open("rb") as stream:
        found = exchange.read(stream, path.name, Report(), ReadOptions())
        return {(row.md5, row.sha1, row.sha256, row.size, row.code) for row in found}


def the_set_survives_a_journey(page: Page, tmp_path: Path) -> None:
    """The set that received the decisions, exported and imported into a fresh one, holds the same entries."""
    page.goto("/hashsets/")
    page.get_by_role("link", name=SHARED_SET).click()
    address = page.url
    for format_id in ("vics2.0", "csv"):
        fresh = make_set(page, f"Fresh from {format_id}", saved_set(page, address, format_id, tmp_path))
        first = entries(saved_set(page, address, "csv", tmp_path))
        assert entries(saved_set(page, fresh, "csv", tmp_path)) == first
        assert first


# ---- review ----


def review_by_keys(page: Page, case: str) -> tuple[dict[int, str], set[int]]:
    """Decide the whole queue with keys alone; returns the codes of the items in turn, and which of them were looked at.

    Some of them look alike, so they come one after the other in one place.
    """
    desk.claim(page, case)
    first = desk.item(page)
    look_and_press(page, "1", "2")
    page.keyboard.press("z")
    page.keyboard.press("z")
    expect(desk.focused(page).locator(".verdict")).to_have_count(0)
    assert desk.item(page) == first
    codes, seen = dict[int, str](), set[int]()
    decide(page, "3", codes, seen)
    decide(page, "2", codes, seen)
    page.keyboard.press("Enter")
    desk.unveil(page, ".stage .frame")
    page.keyboard.press("5")
    page.keyboard.press("Escape")
    seen.add(len(codes))
    codes[len(codes)] = "5"
    look_and_press(page, "x")
    desk.item(page)
    look_and_press(page, "s")
    while not page.get_by_role("dialog").is_visible():
        decide(page, "1245"[len(codes) % 4], codes, seen)
    finish(page, "1 item skipped")
    desk.claim(page, case)  # what was skipped comes back last
    while not page.get_by_role("dialog").is_visible():
        decide(page, "1", codes, seen)
    finish(page, "done")
    return codes, seen


def decide(page: Page, code: str, codes: dict[int, str], seen: set[int]) -> None:
    """Look at the item in focus if it has a picture, and decide it."""
    number = len(codes)
    codes[number] = code
    if look_and_press(page, code):
        seen.add(number)


def look_and_press(page: Page, *keys: str) -> bool:
    """Unveil the item in focus if it has a picture, then press its key; again for each key. Whether all had one."""
    looked = 0
    for key in keys:
        desk.item(page)
        if desk.focused(page).locator(".none").count() == 0:
            desk.unveil(page)
            looked += 1
        page.keyboard.press(key)
    if not page.get_by_role("dialog").is_visible():
        desk.item(page)
    return looked == len(keys)


def finish(page: Page, said: str) -> None:
    """The end of a batch, by keys: past "Next batch" and "Look back" to "Stop for now"."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(said, timeout=PATIENCE)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/**", timeout=PATIENCE)


# ---- giving back ----


def ask_for_no_second_view(page: Page) -> None:
    """The team has one investigator, so its supervisor sets the shares to nothing."""
    page.goto("/second/")
    for field in page.get_by_role("spinbutton").all():
        field.fill("0")
    page.get_by_label("Reason").fill("one investigator in the team")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text("6 shares changed.")).to_be_visible(timeout=PATIENCE)


def publish(page: Page, number: int) -> None:
    """A second person approves everything that was offered."""
    page.goto("/publish/")
    page.get_by_label("Choose all shown").check()
    expect(page.locator("[data-chosen]")).to_have_text(str(number))
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.get_by_text("Nothing here")).to_be_visible(timeout=PATIENCE)


def the_partner_sees_why(page: Page, case: str, new: list[Path]) -> None:
    """The open batch tells that items left and why; afterwards the case and the item say the same."""
    note = page.locator(".notices").filter(has_text="left the batch")
    expect(note).to_contain_text(SHARED_SET, timeout=PATIENCE)
    page.get_by_role("button", name="End batch").click()
    expect(page.get_by_role("dialog")).to_contain_text("left the batch before: known in", timeout=PATIENCE)
    page.get_by_role("button", name="Stop for now").click()
    page.wait_for_url(case, timeout=PATIENCE)
    expect(page.get_by_role("row").filter(has_text=SHARED_SET)).to_be_visible()
    page.goto(f"{case}items/?state=known")
    rows = page.locator("#item-rows tr").filter(has_text=SHARED_SET)
    assert rows.count() > len(new) / 2
    rows.first.get_by_role("link").first.click()
    expect(page.get_by_role("listitem").filter(has_text=f"{SHARED_SET}, version 1: SHA-256")).to_be_visible()


def verify(page: Page) -> None:
    """The event log, verified on its page."""
    page.goto("/audit/")
    page.get_by_role("button", name="Verify all").click()
    expect(page.get_by_role("region", name="Is the log whole?").get_by_text("Whole: ")).to_be_visible(timeout=PATIENCE)


# ---- results ----


def export(page: Page, case: str, into: Path) -> Path:
    """Build the case as VICS with its files, and save it."""
    page.goto(f"{case}exports/")
    page.get_by_label("With the files themselves").check()
    page.get_by_role("button", name="Build").click()
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("link", name="Save").first.click()
    path = into / "exported.zip"
    waiting.value.save_as(path)
    return path


def read(package: Path, document: str = "case.json") -> list[CaseRecord]:
    """The records of a case in a zip, by the reader that takes cases in."""
    report = Report()
    with zipfile.ZipFile(package) as archive, archive.open(document) as stream:
        records = list(read_case(io.BytesIO(stream.read()), report))
    assert not report.skipped
    return records


def compare(records: list[CaseRecord], codes: dict[int, str], known: list[Path]) -> None:
    """Every decision is in it, the unsure one open; what a set knew is there under the set's name."""
    of_set = {record.record.md5 for record in records if b'"Reference v1"' in record.text}
    assert of_set == {hashlib.md5(path.read_bytes()).digest() for path in known if path.suffix != ".md"}
    ours = {record.record.md5: record.record.code for record in records if record.record.md5 not in of_set}
    assert Counter(ours.values()) == Counter(codes.values()) + Counter([None])
    written = [verbatim(record) for record in records]
    for record in read(shared(f"vics/{ZIP}"), "VICS_Pictures_Results.json"):
        assert verbatim(record) in written


def verbatim(record: CaseRecord) -> dict[str, object]:
    """An imported record without its verdict: all of this must come back as it came."""
    fields = json.loads(record.text)
    return {name: value for name, value in fields.items() if "categor" not in name.lower()}


def read_again(page: Page, package: Path) -> None:
    """The exported case, taken in as evidence of a new case: all of it is decided or known but the unsure one."""
    case = desk.open_case(page, "26-101")
    page.get_by_role("link", name="Add evidence").first.click()
    form = page.locator("form").filter(has=page.get_by_role("heading", name="Upload an archive"))
    form.get_by_label("Exhibit number").fill("BACK-1")
    form.get_by_label("Archive, or the JSON of a VICS case").set_input_files(package)
    form.get_by_label("VICS case", exact=True).check()
    form.get_by_role("button", name="Upload and start").click()
    page.wait_for_url(case, timeout=PATIENCE)
    watch_it_come_in(page, case, "BACK-1")
    assert left(page, case) == 1
