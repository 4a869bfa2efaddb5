"""Adding a list to a set: nothing is withdrawn, and what the list does not say stays as it is."""

import json
from pathlib import Path

import pytest

from hashsets import fresh, import_queue, import_runs, overview, tasks, versions
from hashsets.importing import Part
from hashsets.models import EntryHash, Generation, HashSet
from hashsets.swapping import Difference
from tests.hashsets import makers
from tests.hashsets.exchange.list_examples import example
from tests.hashsets.lists import by_number, current, digest, document, load, media
from tests.hashsets.pages import text
from tests.hashsets.test_import_pages import upload
from tests.people import People, signed_in
from workbench.models import AuditEvent, Job, User

COUNTS = ("read", "stored", "added", "changed", "withdrawn", "unchanged", "generation", "add")


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """A list beside the three entries of the set: one it holds, one it holds otherwise, one it lacks."""
    return document(tmp_path, media(1), media(2, 3), media(7, 2), name="second.json")


def test_an_added_list_withdraws_nothing(hash_set: HashSet, second: Path, people: People) -> None:
    report = load(hash_set, second, by=people.supervisor, add=True)
    figures = report.figures()
    assert {name: figures[name] for name in COUNTS} == {
        "read": 3, "stored": 3, "added": 1, "changed": 1, "withdrawn": 0, "unchanged": 2, "generation": 2, "add": True,
    }  # fmt: skip
    assert {number: entry.code for number, entry in by_number(hash_set).items()} == {1: "1", 2: "3", 3: "0", 7: "2"}
    version = Generation.objects.get(set=hash_set, number=2)
    assert (version.entries, version.added, version.removed) == (4, 2, 1)
    page = overview.page(people.supervisor, hash_set)
    assert {share.category.code: share.count for share in page["by_category"]} == {"0": 1, "1": 1, "2": 1, "3": 1}
    assert versions.diff(hash_set, 1, 2).as_json()["withdrawn"] == 0
    event = json.loads(AuditEvent.objects.filter(verb="set.import").latest("seq").body)
    assert {name: event["details"][name] for name in ("add", "added", "changed", "withdrawn")} == {
        "add": True, "added": 1, "changed": 1, "withdrawn": 0,
    }  # fmt: skip


def test_a_dry_run_of_an_addition_tells_the_same_and_stores_nothing(
    hash_set: HashSet, second: Path, people: People
) -> None:
    before = [entry.public_id for entry in current(hash_set)]
    figures = load(hash_set, second, by=people.supervisor, add=True, dry_run=True).figures()
    assert [figures[name] for name in COUNTS] == [3, 3, 1, 1, 0, 2, 0, True]
    assert [entry.public_id for entry in current(hash_set)] == before
    assert HashSet.objects.get(pk=hash_set.pk).generation == 1


def test_a_bare_list_of_hashes_takes_nothing_from_the_entries_it_names(
    hash_set: HashSet, tmp_path: Path, people: People
) -> None:
    before = {number: (entry.code, entry.sha1, entry.raw) for number, entry in by_number(hash_set).items()}
    (tmp_path / "bare.txt").write_text("\n".join(digest(number) for number in (1, 3, 8)))
    figures = load(hash_set, tmp_path / "bare.txt", by=people.supervisor, add=True).figures()
    assert [figures[name] for name in COUNTS[2:6]] == [1, 0, 0, 3]
    after = by_number(hash_set)
    assert {number: (after[number].code, after[number].sha1, after[number].raw) for number in before} == before
    assert (after[8].code, after[8].disposition) == ("", "no_verdict")


def test_what_an_added_list_says_more_of_an_entry_is_kept_beside_the_rest(
    hash_set: HashSet, tmp_path: Path, people: People
) -> None:
    told = {"MD5": digest(1), "MediaSize": 77, "VictimIdentified": True}
    figures = load(hash_set, document(tmp_path, told, name="more.json"), by=people.supervisor, add=True).figures()
    assert [figures[name] for name in COUNTS[2:6]] == [0, 1, 0, 2]
    entry = by_number(hash_set)[1]
    assert (entry.code, entry.size, entry.sha1) == ("1", 77, bytes.fromhex(digest(1, 40)))


@pytest.mark.parametrize("worth_it", [1, 20_000])
def test_an_empty_set_takes_an_added_list_as_its_first(
    worth_it: int, tmp_path: Path, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh, "WORTH_IT", worth_it)
    made = makers.hash_set(people.supervisor, "Quay", scheme="us-pvic")
    rows = [media(number, MediaSize=number) for number in range(1, 30)]
    figures = load(made, document(tmp_path, *rows), by=people.supervisor, add=True).figures()
    assert [figures[name] for name in COUNTS] == [29, 29, 29, 0, 0, 0, 1, True]
    assert len(current(made)) == 29
    assert Generation.objects.get(set=made).report["codes"] == {"1": 29}


def test_the_same_list_as_the_whole_set_is_another_thing_than_added(
    hash_set: HashSet, second: Path, people: People
) -> None:
    assert load(hash_set, second, by=people.supervisor, add=True).generation == 2
    assert load(hash_set, second, by=people.supervisor, add=True).already_in_force
    whole = load(hash_set, second, by=people.supervisor)
    assert (whole.already_in_force, whole.generation, whole.figures()["withdrawn"]) == (False, 3, 1)
    assert load(hash_set, second, by=people.supervisor, add=True).already_in_force
    versions.roll_back(hash_set, 2, by=people.supervisor, reason="the wrong choice")
    assert not load(hash_set, second, by=people.supervisor, dry_run=True).already_in_force


def test_the_page_offers_to_add_and_the_check_is_imported_as_it_was_checked(
    hash_set: HashSet, second: Path, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = list[int]()
    monkeypatch.setattr(tasks, "wake", woken.append)
    client = signed_in(people.supervisor)
    answer = upload(client, hash_set, ("second.json", second.read_bytes()), mode="add", dry_run="on")
    tasks.run_import(woken[-1])
    seen = text(client.get(answer.headers["Location"], secure=True))
    assert "added to the set; nothing is withdrawn" in seen
    assert "would be withdrawn" not in seen
    job = Job.objects.get(pk=woken[-1])
    tasks.run_import(import_queue.import_now(job, hash_set, by=people.supervisor).pk)
    assert sorted(by_number(hash_set)) == [1, 2, 3, 7]


def test_a_list_is_the_whole_set_unless_somebody_says_otherwise(
    hash_set: HashSet, second: Path, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = list[int]()
    monkeypatch.setattr(tasks, "wake", woken.append)
    upload(signed_in(people.supervisor), hash_set, ("second.json", second.read_bytes()))
    tasks.run_import(woken[-1])
    assert sorted(by_number(hash_set)) == [1, 2, 7]


def test_what_an_addition_did_is_said_in_words(hash_set: HashSet, second: Path, supervisor: User) -> None:
    report = import_runs.run_here(hash_set, [Part(second, second.name)], by=supervisor, dry_run=False, add=True)
    assert "added to what the set holds" in import_runs.sentence(report)
    assert sorted(by_number(hash_set)) == [1, 2, 3, 7]


def test_an_entry_that_an_addition_changes_keeps_its_perceptual_hash(
    hash_set: HashSet, tmp_path: Path, people: People
) -> None:
    alike = {"AlternativeHashes": [{"HashName": "PDQ", "HashValue": "5a" * 32}]}
    load(hash_set, document(tmp_path, media(1), media(4, **alike), name="pdq.json"), by=people.supervisor)
    load(hash_set, document(tmp_path, media(4, 2), name="other.json"), by=people.supervisor, add=True)
    entry = by_number(hash_set)[4]
    assert (entry.code, entry.raw["hashes"]) == ("2", {"pdq": "5a" * 32})
    assert EntryHash.objects.filter(set=hash_set, entry=entry.id, kind="pdq").exists()


def test_a_delta_of_the_nsrl_is_added_to_the_list_it_is_about(people: People, tmp_path: Path) -> None:
    known = makers.hash_set(people.supervisor, "Known", role="known-good", scheme="nist-known")
    for name, format_id, numbers in (("full.db", "nsrl3", (1, 2)), ("delta.sql", "nsrl3-delta", (2, 3))):
        (tmp_path / name).write_bytes(example(format_id, *(digest(number) for number in numbers)))
    load(known, tmp_path / "full.db", by=people.supervisor)
    report = load(known, tmp_path / "delta.sql", by=people.supervisor, add=True)
    assert report.difference == Difference(added=1, withdrawn=0, changed=0, unchanged=2)
    assert sorted(by_number(known)) == [1, 2, 3]
    assert "only-changes" in {warning["code"] for warning in report.warnings()}
