"""A first list that comes as a new partition: the same entries, report and events, and a partition like any other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hashsets import fresh, listing, versions
from hashsets.entry_rows import RAW
from hashsets.models import Generation, HashSet
from tests.hashsets import makers
from tests.hashsets.lists import HASH_SET, current, digest, document, load, media, said
from tests.people import People
from tests.programmes import _documents
from workbench import audit
from workbench.errors import WorkbenchError
from workbench.models import AuditEvent, User

EVERY = st.lists(st.one_of(_documents.PLAIN, _documents.PLAIN, _documents.RICH, _documents.VALUES), max_size=20)
ROWS = f"""
SELECT encode(ident, 'hex'), twin, encode(md5, 'hex'), encode(sha1, 'hex'), encode(sha256, 'hex'), size, code,
  disposition, trust, state, conflict, flags, {RAW}, added_in, removed_in
FROM hashsets_entry WHERE set_id = %s ORDER BY ident, twin
"""
HASHES = """
SELECT e.ident, e.twin, h.kind, h.value FROM hashsets_entryhash h
JOIN hashsets_entry e ON e.set_id = h.set_id AND e.id = h.entry WHERE h.set_id = %s ORDER BY 1, 2, 3
"""


def asked(statement: str, *values: Any) -> list[Any]:
    """The rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def left_by(path: Path, *, by: User, worth_it: int) -> dict[str, Any]:
    """All that an import leaves behind, but for names and numbers that are given at random."""
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("hashsets.fresh.WORTH_IT", worth_it)
        made = makers.hash_set(by, "Same", scheme="us-pvic")
        try:
            report = load(made, path, by=by).as_json()
        except WorkbenchError as error:
            report = {"refused": repr(error)}
        left = {
            "report": report,
            "rows": asked(ROWS, made.pk),
            "hashes": asked(HASHES, made.pk),
            "events": [
                (event.verb, {**json.loads(event.body), "at": 0, "subject": 0, "seq": 0, "id": 0})
                for event in AuditEvent.objects.filter(subject=audit.subject_of(made)).order_by("seq")
            ],
            "versions": list(
                Generation.objects.filter(set=made).values(
                    "number", "entries", "added", "removed", "source_sha256", "report"
                )
            ),
            "generation": HashSet.objects.get(pk=made.pk).generation,
        }
        transaction.set_rollback(True)
    return left


def test_whatever_is_in_a_first_list_both_ways_leave_the_same(people: People, tmp_path: Path) -> None:
    path, ways = tmp_path / "list.json", {True: 0, False: 0}
    fits = fresh.fits

    def told(*values: Any) -> bool:
        ways[way := fits(*values)] += 1
        return way

    @settings(
        max_examples=20, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    @given(records=EVERY, plain=st.lists(_documents.PLAIN, min_size=1, max_size=9))
    def same(records: list[Any], plain: list[Any]) -> None:
        path.write_text(json.dumps({"@odata.context": HASH_SET, "value": [media(1), *plain, *records, media(2)]}))
        by_rows, by_partition = (left_by(path, by=people.supervisor, worth_it=worth) for worth in (10**9, 1))
        assert by_partition == by_rows
        assert len(by_rows["events"]) > 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fresh, "fits", told)
        same()
    assert min(ways.values()) >= 3  # each way was taken, by lists of many kinds


def test_the_pdq_of_a_first_list_is_searched_whichever_way_it_came(people: People, tmp_path: Path) -> None:
    pdq = {"HashName": "PDQ", "HashValue": "0f" * 32}
    plain = [media(number, MediaSize=1) for number in range(1, 9)]
    path = document(tmp_path, *plain, media(20, MediaSize=1, AlternativeHashes=[pdq]))
    left = [left_by(path, by=people.supervisor, worth_it=worth) for worth in (10**9, 1)]
    assert left[0] == left[1]
    assert [(kind, bytes(value).hex()) for _ident, _twin, kind, value in left[1]["hashes"]] == [("pdq", "0f" * 32)]


SHAPE = {
    "columns": """SELECT attnum, attname, atttypid::regtype::text, atttypmod, attnotnull, attislocal, attinhcount,
      attstorage, attcompression, attstattarget, pg_get_expr(adbin, adrelid)
      FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      WHERE attrelid = {table} AND attnum > 0 ORDER BY attnum""",
    "indexes": """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisunique, indisprimary, indisvalid,
      (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = indexrelid)
      FROM pg_index WHERE indrelid = {table} ORDER BY 1""",
    "constraints": """SELECT conname, contype, pg_get_constraintdef(oid), convalidated, conislocal, coninhcount,
      conparentid <> 0 FROM pg_constraint WHERE conrelid = {table} ORDER BY 1""",
    "referring": """SELECT conrelid::regclass::text, pg_get_constraintdef(oid), convalidated, conparentid <> 0
      FROM pg_constraint WHERE confrelid = {table} ORDER BY 1""",
    "triggers": """SELECT tgfoid::regproc::text, tgtype, tgenabled, tgisinternal, tgdeferrable, tgparentid <> 0
      FROM pg_trigger WHERE tgrelid = {table} ORDER BY 1, 2""",
    "table": """SELECT relowner::regrole::text,
      (SELECT array_agg(acl::text ORDER BY 1) FROM aclexplode(coalesce(relacl, acldefault('r', relowner))) AS acl),
      reloptions::text, relpersistence, relreplident,
      relrowsecurity, relispartition, pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = {table}""",
}


def shape(of: HashSet) -> dict[str, str]:
    """What the catalogue says of a set's partition, the set's own number put aside."""
    table, number = f"'hashsets_entry_{of.pk}'::regclass", re.compile(rf"(?:(?<=entry_)|(?<=IN \(')){of.pk}(?!\d)")
    return {what: number.sub("N", str(asked(query.format(table=table)))) for what, query in SHAPE.items()}


def test_a_partition_put_in_place_is_like_one_made_with_its_set(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hashsets.fresh.WORTH_IT", 1)
    ordinary, loaded = (makers.hash_set(people.supervisor, name, scheme="us-pvic") for name in ("Made", "Loaded"))
    before = asked(f"SELECT 'hashsets_entry_{loaded.pk}'::regclass::oid")
    load(loaded, document(tmp_path, *(media(n, MediaSize=1) for n in range(1, 30))), by=people.supervisor)
    assert asked(f"SELECT 'hashsets_entry_{loaded.pk}'::regclass::oid") != before
    parent = asked("SELECT count(*) FROM pg_index WHERE indrelid = 'hashsets_entry'::regclass")[0][0]
    assert shape(loaded) == shape(ordinary)
    assert shape(loaded)["indexes"].count("hashsets_entry_N") >= parent


def test_going_back_to_a_first_list_keeps_the_numbers_of_its_records(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hashsets.fresh.WORTH_IT", 1)
    made = makers.hash_set(people.supervisor, "Back", scheme="us-pvic")
    plain = [media(number, MediaSize=1) for number in range(1, 9)]
    load(made, document(tmp_path, *plain), by=people.supervisor)
    load(made, document(tmp_path, media(1, 2, MediaSize=1), *plain[2:]), by=people.supervisor)
    changed = next(change for change in versions.changes(made, 1, 2)[0] if change.what == "changed")
    assert changed.old
    assert changed.new
    assert {name for name in versions.SAME if changed.old[name] != changed.new[name]} == {"code"}
    versions.roll_back(made, 1, by=people.supervisor, reason="too early")
    assert versions.diff(made, 1, 3).moves == []
    said = {(bytes(one.md5 or b"").hex(), one.media_id) for one in listing.records(made)}
    assert said == {(digest(number), number) for number in range(1, 9)}


def plain_list(folder: Path, numbers: range, name: str, *odd: dict[str, Any]) -> Path:
    """A list of plain records, and some others."""
    return document(folder, *(media(n, n % 3, MediaSize=n + 1) for n in numbers), *odd, name=name)


def test_a_first_list_gives_the_same_entries_by_a_new_partition_as_row_by_row(
    tmp_path: Path, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = people.supervisor
    odd = [
        media(7, 2), media(9, 1, SHA1=digest(900, 40), MediaSize=1), {"SHA1": digest(50, 40), "Category": 99},
        media(60, 1, PhotoDNA="A" * 192, VictimIdentified="true"), media(8, 8 % 3, MediaSize=9),
    ]  # fmt: skip
    path = plain_list(tmp_path, range(1, 41), "plain.json", *odd)
    stored = []
    for name, worth in (("Row by row", 10**9), ("New partition", 1)):
        monkeypatch.setattr("hashsets.fresh.WORTH_IT", worth)
        made = makers.hash_set(by, name, scheme="us-pvic")
        figures = {**load(made, path, by=by).as_json(), "set": "", "run": ""}
        told = sorted(map(str, map(said, listing.records(made))))
        shown = [
            (bytes(e.ident), e.twin, e.code, e.disposition, e.conflict, e.trust, e.added_in) for e in current(made)
        ]
        stored.append((figures, told, shown))
    assert stored[0] == stored[1]
    assert len(stored[0][2]) == 43


def test_the_next_list_over_a_new_partition_touches_only_what_changed(
    tmp_path: Path, us: HashSet, supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hashsets.fresh.WORTH_IT", 1)
    load(us, plain_list(tmp_path, range(1, 40), "first.json"), by=supervisor)
    told = load(us, plain_list(tmp_path, range(3, 42), "next.json"), by=supervisor).figures()
    counts = {name: told[name] for name in ("added", "withdrawn", "changed", "unchanged")}
    assert counts == {"added": 2, "withdrawn": 2, "changed": 0, "unchanged": 37}
    assert len(current(us)) == 39


def test_hashes_made_alike_are_imported_without_being_sorted(
    tmp_path: Path, us: HashSet, supervisor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("RUN", 10), ("CROWDED", 20)):
        monkeypatch.setattr(f"hashsets.sorting.{name}", value)
    monkeypatch.setattr("hashsets.fresh.WORTH_IT", 1)
    report = load(us, plain_list(tmp_path, range(1, 60), "alike.json"), by=supervisor)
    assert (report.stored, len(current(us))) == (59, 59)
