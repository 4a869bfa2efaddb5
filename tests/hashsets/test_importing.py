"""Importing lists: what is stored, what is refused, and what stays (vics.md section 8)."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from hashsets import importing, listing, sets
from hashsets.exchange import BUILT_IN, MalformedDocument, ReadOptions, UnknownFormat, WriteOptions, on_disk
from hashsets.generations import SetRetired
from hashsets.import_checks import ContradictoryRole, EmptyList, LivesByVotes
from hashsets.models import Entry, Generation, HashSet
from tests.hashsets import makers
from tests.hashsets.exchange.list_examples import EMPTY_MD5, ICSE, SHAPES, example, gzipped
from tests.hashsets.lists import by_number, current, digest, document, load, media, said
from tests.shared_data import shared
from workbench.models import AuditEvent, User

EIGHT = ["hashset-2.0-us.json", "hashset-2.0-utf8-bom.json", "hashset-2.0-utf16le-bom-crlf.json"]


@pytest.mark.parametrize("name", EIGHT)
def test_the_sample_sets_store_their_eight_entries(name: str, us: HashSet, supervisor: User) -> None:
    report = load(us, shared(f"vics/{name}"), by=supervisor)
    assert (report.figures()["read"], report.stored, report.generation) == (8, 8, 1)
    codes = [(entry.code, entry.disposition) for entry in current(us)]
    assert codes == [
        ("1", "relevant"),
        ("2", "relevant"),
        ("3", "relevant"),
        ("4", "comparison"),
        ("0", "not_relevant"),
        ("1", "relevant"),
        ("2", "relevant"),
        ("0", "not_relevant"),
    ]
    assert {entry.trust for entry in current(us)} == {"trusted"}


def test_the_1_3_sample_is_read_too(us: HashSet, supervisor: User) -> None:
    report = load(us, shared("vics/hashset-1.3.json"), by=supervisor)
    assert (report.stored, report.parts[0].found.version) == (4, "1.3")


def test_the_quirks_file_ends_as_written_down(us: HashSet, supervisor: User) -> None:
    told = load(us, shared("vics/quirks-2.0.json"), by=supervisor).as_json()
    names = ("read", "stored", "duplicates", "conflicts", "two_categories", "dropped_photodna")
    assert [told[name] for name in names] == [23, 19, 2, 1, 1, 1]
    assert told["skipped"] == {"invalid-hash": 1, "zero-length": 1}
    assert (told["unmapped"], list(told["unknown_fields"])) == ({"99": 1}, ["NewField"])
    found = by_number(us)
    seen = {number: (found[number].code, found[number].disposition) for number in (0x12D, 0x12E, 0x12F, 0x135)}
    assert seen == {
        0x12D: ("1", "relevant"),
        0x12E: ("", "no_verdict"),
        0x12F: ("", "no_verdict"),
        0x135: ("99", "unmapped"),
    }
    assert (found[0x130].code, found[0x130].conflict, found[0x130].raw["codes"]) == ("1", False, ["1", "2"])
    assert (found[0x141].disposition, found[0x141].conflict, found[0x141].raw["codes"]) == (
        "relevant",
        True,
        ["0", "1"],
    )
    assert len(bytes(found[0x134].ident)) == 20
    assert found[0x12E].flags == {"victim_identified": False}
    assert found[0x136].raw["series"] == ['Synthetic ] } " Series 日本']


def test_a_known_good_list_is_imported_as_such(supervisor: User) -> None:
    good = makers.hash_set(supervisor, role="known-good", scheme="nist-known")
    report = load(good, shared("vics/knowngood-1.2-cat8.json"), by=supervisor)
    assert report.codes == {"8": ("not_relevant", 3)}


def test_a_known_good_list_does_not_pass_for_relevant_unseen(us: HashSet, supervisor: User) -> None:
    report = load(us, shared("vics/knowngood-1.2-cat8.json"), by=supervisor)
    assert "only-harmless-categories" in [warning["code"] for warning in report.warnings()]
    assert {entry.disposition for entry in current(us)} == {"unmapped"}


def test_a_relevant_list_is_refused_as_known_good(supervisor: User) -> None:
    good = makers.hash_set(supervisor, role="known-good", scheme="us-pvic")
    with pytest.raises(ContradictoryRole):
        load(good, shared("vics/hashset-2.0-us.json"), by=supervisor)
    assert current(good) == []
    event = AuditEvent.objects.get(verb="set.import.fail")
    assert json.loads(event.body)["outcome"] == "refused"


def test_in_a_known_good_set_no_category_means_known_good(tmp_path: Path, supervisor: User) -> None:
    good = makers.hash_set(supervisor, role="known-good", scheme="us-pvic")
    (tmp_path / "list.csv").write_text("md5\n" + digest(1) + "\n")
    load(good, tmp_path / "list.csv", by=supervisor)
    assert [(entry.code, entry.disposition) for entry in current(good)] == [("0", "not_relevant")]


def test_a_truncated_file_changes_nothing_and_names_the_byte(us: HashSet, supervisor: User) -> None:
    load(us, shared("vics/hashset-1.3.json"), by=supervisor)
    before = [entry.id for entry in current(us)]
    with pytest.raises(MalformedDocument, match="truncated at byte"):
        load(us, shared("vics/hashset-2.0-truncated.json"), by=supervisor)
    assert [entry.id for entry in current(us)] == before
    assert Entry.objects.filter(set=us).count() == len(before)


BROKEN = {
    "a trailing comma": '{"value":[{"MD5":"%s","Category":1},]}',
    "data after the document": '{"value":[{"MD5":"%s","Category":1}]} {"more":1}',
    "a missing comma": '{"value":[{"MD5":"%s","Category":1} {"MD5":"%s"}]}',
    "nothing": "",
    "no JSON and no list": "these are words",
}


@pytest.mark.parametrize("words", BROKEN)
def test_a_broken_document_stores_nothing(words: str, tmp_path: Path, us: HashSet, supervisor: User) -> None:
    path = tmp_path / "broken.json"
    path.write_text(BROKEN[words].replace("%s", digest(1)))
    with pytest.raises((MalformedDocument, UnknownFormat)):
        load(us, path, by=supervisor)
    assert HashSet.objects.get(pk=us.pk).generation == 0
    assert not Entry.objects.filter(set=us).exists()
    assert AuditEvent.objects.filter(verb="set.import.fail").count() == 1


def test_the_case_sample_is_no_hash_set(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    path = tmp_path / "case.json"
    path.write_text(json.dumps({"value": [{"CaseID": "1", "Media": [media(1)]}]}))
    with pytest.raises(MalformedDocument, match="case"):
        load(us, path, by=supervisor)


def test_a_list_without_one_usable_hash_is_refused(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    with pytest.raises(EmptyList):
        load(us, document(tmp_path, {"MD5": "d41d8cd98f00b204e9800998ecf8427e", "Category": 1}), by=supervisor)


def test_the_same_file_again_is_a_no_op_that_says_so(us: HashSet, supervisor: User) -> None:
    load(us, shared("vics/hashset-1.3.json"), by=supervisor)
    again = load(us, shared("vics/hashset-1.3.json"), by=supervisor)
    assert (again.already_in_force, again.generation) == (True, 1)
    assert Generation.objects.filter(set=us).count() == 1


def test_an_older_file_may_come_back(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    one, two = document(tmp_path, media(1), name="1.json"), document(tmp_path, media(2), name="2.json")
    for number, path in enumerate((one, two, one), 1):
        assert load(us, path, by=supervisor).generation == number
    assert list(by_number(us)) == [1]
    first, second = Entry.objects.filter(set=us, added_in__in=[1, 3]).order_by("added_in")
    assert first.public_id == second.public_id


def test_the_next_list_says_what_came_went_and_changed(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    load(us, document(tmp_path, media(1), media(2), media(3), name="old.json"), by=supervisor)
    before = {number: entry.id for number, entry in by_number(us).items()}
    new = document(tmp_path, media(1), media(2, 3), media(4), media(5), name="new.json")
    figures = load(us, new, by=supervisor).figures()
    assert [figures[name] for name in ("added", "withdrawn", "changed", "unchanged")] == [2, 1, 1, 1]
    after = by_number(us)
    assert list(after) == [1, 2, 4, 5]
    assert (after[1].id == before[1], after[2].id == before[2], after[2].code) == (True, False, "3")
    generation = Generation.objects.get(set=us, number=2)
    assert (generation.added, generation.removed, generation.entries) == (3, 2, 4)


def test_a_dry_run_tells_and_stores_nothing(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    load(us, document(tmp_path, media(1), media(2), name="old.json"), by=supervisor)
    rows, events = Entry.objects.filter(set=us).count(), AuditEvent.objects.count()
    figures = load(us, document(tmp_path, media(2), media(3)), by=supervisor, dry_run=True).figures()
    assert [figures[name] for name in ("added", "withdrawn", "unchanged", "generation")] == [1, 1, 1, 0]
    assert (Entry.objects.filter(set=us).count(), AuditEvent.objects.count()) == (rows, events)
    assert HashSet.objects.get(pk=us.pk).generation == 1


def test_several_files_are_the_parts_of_one_list(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    one, two = document(tmp_path, media(1), name="1.json"), document(tmp_path, media(2), media(1), name="2.json")
    report = load(us, one, two, by=supervisor)
    assert (report.figures()["read"], report.stored, report.figures()["duplicates"]) == (3, 2, 1)
    assert load(us, two, one, by=supervisor).already_in_force
    assert Generation.objects.get(set=us, number=1).source == "1.json, 2.json"


def test_one_broken_part_stops_the_whole_list(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    good = document(tmp_path, media(1))
    with pytest.raises(MalformedDocument):
        load(us, good, shared("vics/hashset-2.0-truncated.json"), by=supervisor)
    assert HashSet.objects.get(pk=us.pk).generation == 0


def test_equal_md5_with_contradicting_sha1_are_two_entries_for_good(
    tmp_path: Path, us: HashSet, supervisor: User
) -> None:
    twin = {**media(1, 2), "SHA1": digest(99, 40)}
    lone = {"MD5": digest(1), "Category": 1}
    load(us, document(tmp_path, media(1), twin, lone, name="both.json"), by=supervisor)
    both = {bytes(entry.sha1 or b"").hex(): (entry.twin, entry.public_id) for entry in current(us)}
    assert [twin for twin, _id in both.values()] == [0, 1]
    load(us, document(tmp_path, twin, media(3), name="one.json"), by=supervisor)
    assert both[digest(99, 40)] == (1, next(entry.public_id for entry in current(us) if entry.code == "2"))
    load(us, document(tmp_path, media(1), {**twin, "SHA1": digest(98, 40)}, name="third.json"), by=supervisor)
    assert [entry.twin for entry in current(us)] == [0, 2]


def test_records_of_one_file_complete_each_other(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    bare = {"MD5": digest(1), "Category": None}
    report = load(us, document(tmp_path, bare, media(1, 1, MediaSize="7")), by=supervisor)
    (entry,) = current(us)
    assert (bytes(entry.sha1 or b"").hex(), entry.size, entry.code) == (digest(1, 40), 7, "1")
    assert (entry.conflict, report.figures()["duplicates"]) == (False, 1)


def test_a_photodna_on_many_files_is_a_placeholder(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    value, other = "A" * 192, "B" * 192
    records = [media(n, PhotoDNA=value) for n in range(25)] + [media(n, PhotoDNA=other) for n in range(30, 40)]
    told = load(us, document(tmp_path, *records), by=supervisor).as_json()
    kept = [entry.raw.get("photodna") for entry in current(us)]
    assert (told["dropped_photodna"], kept.count(value), kept.count(other)) == (25, 0, 10)


def test_text_that_means_something_to_copy_survives(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    awkward = 'back\\slash \t tab \n line \\N "quoted" \u2028 日本'
    load(us, document(tmp_path, media(1, "\\N", Tags=[awkward], Extra={"a\\b": awkward})), by=supervisor)
    (entry,) = current(us)
    assert (entry.code, entry.raw["tags"], entry.raw["more"]["Extra"]) == ("\\N", [awkward], {"a\\b": awkward})


def test_a_set_that_lives_by_votes_takes_no_list(tmp_path: Path, supervisor: User) -> None:
    publishing = makers.hash_set(supervisor, receives_offers=True)
    voted = makers.hash_set(supervisor)
    makers.publish(voted, makers.picture("lake"), by=supervisor)
    for hash_set in (publishing, voted):
        with pytest.raises(LivesByVotes):
            load(hash_set, document(tmp_path, media(1)), by=supervisor)


def test_a_retired_set_takes_no_list(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    sets.retire(us, by=supervisor, reason="old")
    with pytest.raises(SetRetired):
        load(us, document(tmp_path, media(1)), by=supervisor)


def test_a_set_its_owner_does_not_vouch_for_is_provisional(tmp_path: Path, supervisor: User) -> None:
    unsure = makers.hash_set(supervisor, trust="provisional")
    load(unsure, document(tmp_path, media(1)), by=supervisor)
    assert [entry.trust for entry in current(unsure)] == ["provisional"]


def test_the_report_is_kept_with_the_version_and_in_the_log(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    report = load(us, document(tmp_path, media(1), {"MD5": "x", "Category": 1}), by=supervisor)
    generation = Generation.objects.get(set=us, number=1)
    assert generation.report["skipped"] == {"invalid-hash": 1}
    assert bytes(generation.source_sha256 or b"") == report.source_sha256
    verbs = list(AuditEvent.objects.filter(verb__startswith="set.").order_by("seq").values_list("verb", flat=True))
    assert verbs == ["set.create", "set.import", "set.version"]
    told = json.loads(AuditEvent.objects.get(verb="set.import").body)["details"]
    assert (told["source_sha256"], told["skipped"]) == (report.source_sha256.hex(), {"invalid-hash": 1})


def test_rows_above_the_version_in_force_are_swept(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    load(us, document(tmp_path, media(1), media(2)), by=supervisor)
    assert importing.sweep() == 0
    Entry.objects.filter(set=us, md5=bytes.fromhex(digest(1))).update(removed_in=2)
    Entry.objects.filter(set=us, md5=bytes.fromhex(digest(2))).update(added_in=2)
    assert importing.sweep() == 2
    assert [(entry.added_in, entry.removed_in) for entry in Entry.objects.filter(set=us)] == [(1, None)]


@pytest.mark.parametrize("format_id", ["vics2.0", "vics1.3", "csv"])
@pytest.mark.parametrize("sample", ["hashset-2.0-us.json", "quirks-2.0.json"])
def test_an_exported_set_imported_into_a_fresh_one_is_equal(
    format_id: str, sample: str, tmp_path: Path, us: HashSet, supervisor: User
) -> None:
    load(us, shared(f"vics/{sample}"), by=supervisor)
    path = tmp_path / "exported"
    with path.open("w+b") as file:
        written = listing.export(us, file, by=supervisor, format_id=format_id, options=WriteOptions(region="US"))
    fresh = makers.hash_set(supervisor, "Fresh", scheme="us-pvic")
    report = load(fresh, path, by=supervisor)
    assert (written.entries, report.stored) == (len(current(us)), written.entries)
    assert [said(record) for record in listing.records(fresh)] == [said(record) for record in listing.records(us)]


def test_an_export_is_an_event(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    with (tmp_path / "out").open("w+b") as file:
        listing.export(us, file, by=supervisor, format_id="csv", options=WriteOptions())
    assert AuditEvent.objects.filter(verb="set.export").count() == 1


def test_an_export_stays_at_the_version_it_began_with(
    tmp_path: Path, us: HashSet, supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    load(us, document(tmp_path, *(media(n) for n in range(1, 6))), by=supervisor)
    reading = listing.records(us)
    first = next(reading)
    load(us, document(tmp_path, media(9), name="other.json"), by=supervisor)
    assert len([first, *reading]) == 5


def test_imported_entries_are_found_by_every_digest(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    record = media(1, AlternativeHashes=[{"HashName": "SHA256", "HashValue": digest(1, 64)}])
    load(us, document(tmp_path, record), by=supervisor)
    us.refresh_from_db()
    assert Entry.objects.filter(set=us, sha256=bytes.fromhex(digest(1, 64))).exists()


def test_the_same_file_read_in_another_way_is_another_list(tmp_path: Path, supervisor: User) -> None:
    known = makers.hash_set(supervisor, role="known-good", scheme="us-pvic")
    path = tmp_path / "sums.txt"
    path.write_text(f"{digest(1)}  a.jpg\n{digest(2)}  b.exe\n")
    media_only = ReadOptions(only_media=True)
    first = load(known, path, by=supervisor, options=media_only)
    assert (first.stored, first.figures()["skipped"], first.problems()) == (
        1, {"other-type": 1}, ["Skipped, other-type: 1"],
    )  # fmt: skip
    assert load(known, path, by=supervisor, options=media_only).already_in_force
    assert load(known, path, by=supervisor).stored == 2
    assert [entry.code for entry in current(known)] == ["0", "0"]


def test_an_icse_list_keeps_its_baseline_under_the_scheme_of_interpol(tmp_path: Path, supervisor: User) -> None:
    baseline = makers.hash_set(supervisor, scheme="interpol-baseline")
    rows = [f"{digest(1)};;;1;;;;;;;;yes", f"{digest(2)};;;2;;;;;;;;no", f"{digest(3)};;;3;;;;;;;;"]
    path = tmp_path / "icse.csv"
    path.write_bytes((ICSE + "\r\n".join(rows)).encode())
    assert load(baseline, path, by=supervisor).codes == {
        "": ("no_verdict", 1), "baseline": ("relevant", 1), "not-baseline": ("relevant", 1),
    }  # fmt: skip


@pytest.mark.parametrize("format_id", sorted(SHAPES))
def test_a_list_of_any_format_is_imported(format_id: str, tmp_path: Path, us: HashSet, supervisor: User) -> None:
    path = tmp_path / "list.bin"
    path.write_bytes(gzipped(example(format_id, digest(1), EMPTY_MD5, digest(3))))
    report = load(us, path, by=supervisor)
    assert (report.stored, report.figures()["skipped"]) == (2, {"zero-length": 1})
    assert list(by_number(us)) == [1, 3]
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).glob(f"{on_disk.PREFIX}*")) == []


def test_a_refusal_says_which_formats_are_read(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8\xff\xe0 no list")
    with pytest.raises(UnknownFormat) as caught:
        load(us, tmp_path / "holiday.jpg", by=supervisor)
    assert all(format_.label in str(caught.value) for format_ in BUILT_IN)


def test_what_is_conflicting_trimmed_or_claimed_is_told_with_its_place(
    tmp_path: Path, us: HashSet, supervisor: User
) -> None:
    records = [media(1, 1), media(2, MD5=f" {digest(2)} "), media(1, 0), media(3)]
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"TotalMediaFiles": "7", "SourceApplicationName": "Maker", "value": records}))
    report = load(us, path, by=supervisor)
    told = {warning["code"]: (warning["detail"], warning["position"]) for warning in report.warnings()}
    assert told["conflicting"] == (f"{digest(1)}: 0, 1", 1)
    assert told["hash-trimmed"] == (f"MD5: ' {digest(2)} '", 2)
    assert told["total-disagrees"] == ("TotalMediaFiles says 7, there are 4", None)
    assert report.for_log()["files"][0]["producer"] == "Maker"


@pytest.mark.parametrize(
    ("tuning", "first", "second"),
    [
        # both plain, and so read by the block; sorted, or too many alike to be sorted
        ({}, {}, {}),
        ({"hashsets.sorting.RUN": 10, "hashsets.sorting.CROWDED": 20}, {}, {}),
        # one of them, or both, for the reader of single records
        ({}, {"Series": "A"}, {}),
        ({}, {"Series": "A"}, {"VictimIdentified": "true"}),
    ],
)
@pytest.mark.parametrize("worth", [1, 10**9])
def test_two_categories_of_one_meaning_are_no_mere_duplicate_and_both_records_are_named(
    tuning: dict[str, int], first: dict[str, Any], second: dict[str, Any], worth: int, tmp_path: Path, us: HashSet,
    supervisor: User, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in (tuning | {"hashsets.fresh.WORTH_IT": worth}).items():
        monkeypatch.setattr(name, value)
    records = [media(n, 1, MediaSize=n) for n in range(1, 41)]
    again = [media(5, 2, MediaSize=5) | second, media(6, 0, MediaSize=6), media(7, 1, MediaSize=7)]
    records[4] |= first
    report = load(us, document(tmp_path, *records, *again), by=supervisor)
    told = report.as_json()
    assert [told[name] for name in ("stored", "duplicates", "conflicts", "two_categories")] == [40, 3, 1, 1]
    named = {one["code"]: one for one in told["warnings"] if one["position"] is not None}
    assert named["two-categories"] == {
        "code": "two-categories", "detail": f"{digest(5)}: 1, 2", "position": 5, "records": {"1": 5, "2": 41},
    }  # fmt: skip
    assert named["conflicting"]["records"] == {"0": 42, "1": 6}
    found = by_number(us)
    assert (found[5].code, found[5].conflict, found[5].raw["codes"]) == ("1", False, ["1", "2"])
    assert (found[6].conflict, found[7].raw.get("codes")) == (True, None)


def test_of_a_hash_under_very_many_categories_only_the_first_records_are_named(
    tmp_path: Path, us: HashSet, supervisor: User
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("md5,category\n" + "".join(f"{digest(1)},x{n}\n" for n in range(30)), encoding="utf-8")
    (told,) = [one for one in load(us, path, by=supervisor).warnings() if one["code"] == "two-categories"]
    assert told["detail"].endswith(" and 10 more")
    assert sorted(told["records"].values()) == [*range(told["position"], told["position"] + 20)]
