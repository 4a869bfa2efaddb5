"""What a check says would move in open cases, against what moves when the list is imported."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from cases import decisions, foreseen, investigations
from cases.models import Case, Item
from hashsets import foreseeing, fresh, importing, kept_lists, policies, tasks, versions
from hashsets.importing import Part
from hashsets.models import HashSet
from tests.cases import material
from tests.cases.test_matching import entry, own_set, sync
from tests.hashsets import makers
from tests.hashsets.lists import HASH_SET
from tests.hashsets.pages import text, url
from tests.hashsets.test_import_pages import upload
from tests.people import signed_in
from workbench.models import Job, User

pytestmark = pytest.mark.django_db
Rows = list[dict[str, Any]]
QUEUE = {"open", "waiting"}


def row(name: str, code: int = 1, *, without: str = "", **more: Any) -> dict[str, Any]:
    """A plain record of a picture."""
    _sha256, md5, sha1 = material.digests(name)
    said = {"MediaID": 1, "Category": code, "MD5": md5.hex(), "SHA1": sha1.hex(), "MediaSize": 1000, **more}
    return {key: value for key, value in said.items() if key != without}


def listed(folder: Path, rows: Rows) -> list[Part]:
    path = folder / f"{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps({"@odata.context": HASH_SET, "value": rows}))
    return [Part(path, path.name)]


def check(to: HashSet, parts: list[Part], by: User, *, add: bool = False) -> dict[str, dict[str, int]]:
    found = importing.import_file(to, parts, by=by, dry_run=True, add=add).foreseen
    assert found is not None
    return found


def items() -> dict[int, tuple[str, str, bool]]:
    rows = Item.objects.select_related("case").filter(case__state="open", case__agency__slug="northmoor")
    return {one.pk: (str(one.case.public_id), one.state, one.known) for one in rows}


def moved(before: dict[int, tuple[str, str, bool]]) -> dict[str, dict[str, int]]:
    """What became of the items, as the check would say it."""
    told: dict[str, Counter[str]] = {}
    for one, (case, state, known) in items().items():
        was, was_known = before[one][1:]
        told.setdefault(case, Counter()).update(
            known=known and not was_known,
            left=was in QUEUE and state == "known",
            confirm=was in QUEUE | {"known"} and state == "confirm",
            back=was in {"known", "confirm"} and state in QUEUE,
        )
    return {case: dict(figures) for case, figures in told.items() if any(figures.values())}


@pytest.fixture
def here(case: Case, dana: User, sam: User, ines: User) -> Case:
    """A case of six pictures, beside a closed one and one of another agency with the same."""
    names = [f"picture {n}" for n in range(6)]
    closed = investigations.create(number="26-2", name="Pier", scheme_id="landscapes-t1", by=dana)
    theirs = investigations.create(number="S-1", name="Quayside", scheme_id="landscapes-t1", by=ines)
    for one, by in ((case, dana), (closed, dana), (theirs, ines)):
        material.pictures(one, by, names)
    Case.objects.filter(pk=closed.pk).update(state="closed")
    return case


@pytest.mark.parametrize("worth_it", [1, 20_000])
def test_a_first_list_says_what_would_be_known(
    worth_it: int, here: Case, sam: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh, "WORTH_IT", worth_it)
    monkeypatch.setattr(foreseen, "ROWS", 2)
    made = makers.hash_set(sam, "Northern list", reach="node")
    strangers = [row(f"stranger {n}") for n in range(40)]
    rows = [row("picture 0"), row("picture 1"), row("picture 2", MediaSize=7), row("picture 3", without="SHA1")]
    found = check(made, listed(tmp_path, strangers + rows), sam)
    assert found == {str(here.public_id): {"known": 2, "left": 2, "confirm": 0, "back": 0}}
    assert not Item.objects.exclude(state="open").exists()


def test_what_a_list_lacks_comes_back_unless_it_is_added(here: Case, sam: User, tmp_path: Path) -> None:
    made = makers.hash_set(sam, "Northern list")
    importing.import_file(made, listed(tmp_path, [row("picture 0"), row("picture 1")]), by=sam)
    sync()
    parts = listed(tmp_path, [row("picture 1"), row("picture 2")])
    whole, added = check(made, parts, sam), check(made, parts, sam, add=True)
    assert whole == {str(here.public_id): {"known": 1, "left": 1, "confirm": 0, "back": 1}}
    assert added == {str(here.public_id): {"known": 1, "left": 1, "confirm": 0, "back": 0}}
    assert foreseeing.foresee_rollback(made, 1) == {}


@pytest.mark.parametrize("seed", range(4))
def test_what_a_check_says_is_what_an_import_does(
    seed: int, case: Case, dana: User, sam: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(fresh, "WORTH_IT", chance.choice([1, 20_000]))
    other = investigations.create(number="26-2", name="Pier", scheme_id="landscapes-t1", by=dana)
    names = [f"picture {n}" for n in range(40)]
    for one in (case, other):
        material.pictures(one, dana, chance.sample(names, 25))
    beside = own_set(case)
    makers.publish(beside, *(entry(name, chance.choice("12")) for name in names[:12]), by=sam)
    made = makers.hash_set(sam, "Northern list", role=chance.choice(["relevant", "relevant", "known-good"]))
    for disposition in ("not_relevant", "relevant"):
        action = chance.choice(["accept", "accept", "propose"])
        policies.set_policy(made, agency=case.agency, by=sam, action=action, disposition=disposition)
    codes = [5] if made.role == "known-good" else [1, 2, 3, 5, 9]

    def some() -> Rows:
        return [
            row(name, chance.choice(codes), without=chance.choice(["", "", "", "SHA1", "MediaSize"]))
            for name in chance.sample(names, 25)
        ]

    sync()
    for item in Item.objects.filter(case=case, state__in=QUEUE).order_by("pk")[:4]:
        sha256 = bytes(item.content.sha256).hex()
        decisions.decide_hash(case=case, sha256=sha256, code="3", by=dana, via="a test", viewed=True)
    seen = Counter[str]()
    for number in range(3):
        parts, add = listed(tmp_path, some()), chance.choice([True, False])
        told, before = check(made, parts, sam, add=add), items()
        importing.import_file(made, parts, by=sam, add=add)
        sync()
        assert told == moved(before), f"list {number}"
        for figures in told.values():
            seen.update(figures)
    assert seen["known"] + seen["confirm"] > 5, "the material moves too little to show anything"
    told, before = foreseeing.foresee_rollback(made, 1) or {}, items()
    versions.roll_back(made, 1, by=sam, reason="the first was right")
    sync()
    assert told == moved(before)


def test_the_command_says_what_would_move_in_cases_of_the_person(
    here: Case, sam: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makers.hash_set(sam, "Northern list")
    path = listed(tmp_path, [row("picture 0")])[0].path
    call_command("hashset", "import", "Northern list", str(path), "--dry-run", "--as", "sam", "--json")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["open_cases"] == [{"name": "26-1 Harbour", "known": 1, "left": 1, "confirm": 0, "back": 0}]


def test_the_pages_name_the_cases_that_the_reader_may_see(
    here: Case, sam: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = list[int]()
    monkeypatch.setattr(tasks, "wake", woken.append)
    made = makers.hash_set(sam, "Northern list")
    data = listed(tmp_path, [row("picture 0"), row("picture 1")])[0].path.read_bytes()
    answer = upload(signed_in(sam), made, ("first.json", data), dry_run="on")
    tasks.run_import(woken[-1])
    page = signed_in(sam).get(answer.headers["Location"], secure=True)
    assert "26-1 Harbour 2 2 0 0" in text(page)
    assert "moment of the check" in text(page)
    job = Job.objects.get(pk=woken[-1])
    kept_lists.delete(job)
    assert "26-1" not in json.dumps(job.cursor["report"])
    Case.objects.filter(pk=here.pk).update(sealed=True)
    sealed = text(signed_in(sam).get(answer.headers["Location"], secure=True))
    assert "26-1" not in sealed
    Case.objects.filter(pk=here.pk).update(sealed=False)
    importing.import_file(made, listed(tmp_path, [row("picture 0")]), by=sam)
    importing.import_file(made, listed(tmp_path, [row("picture 5")]), by=sam)
    matching = signed_in(sam).get(reverse("hashsets:list"), secure=True)
    assert "sets are being matched to your cases now" in text(matching)
    sync()
    assert "being matched" not in text(signed_in(sam).get(reverse("hashsets:list"), secure=True))
    back = signed_in(sam).get(reverse("hashsets:rollback", args=[made.public_id, 1]), secure=True)
    assert "26-1 Harbour 1 1 0 1" in text(back)
    assert url("set", made) in back.content.decode()
