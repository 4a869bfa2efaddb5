"""A set that is saved and imported again: nothing changed but what really did (vics.md section 9)."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from hashsets import comparisons, listing, versions
from hashsets.exchange import WriteOptions
from hashsets.models import HashSet
from hashsets.swapping import Difference
from tests.hashsets import makers
from tests.hashsets.lists import current, digest, document, load, media
from tests.people import People
from tests.shared_data import shared
from workbench.models import User

SAMPLES = ["hashset-2.0-us.json", "hashset-1.3.json", "quirks-2.0.json", "knowngood-1.2-cat8.json"]
VERSIONS = ["vics2.0", "vics1.3"]
OFFSET, ZULU = "2025-01-02T03:04:05-05:00", "2025-01-02T08:04:05Z"


def sample(name: str, by: User) -> HashSet:
    """A set that holds a sample."""
    good = "knowngood" in name
    made = another(by, "known-good" if good else "relevant", "nist-known" if good else "us-pvic")
    load(made, shared(f"vics/{name}"), by=by)
    return made


def another(by: User, role: str, scheme: str) -> HashSet:
    return makers.hash_set(by, role=role, scheme=scheme)


def saved(hash_set: HashSet, folder: Path, by: User, format_id: str = "vics2.0") -> Path:
    """The set as a file."""
    file = io.BytesIO()
    listing.export(hash_set, file, by=by, format_id=format_id, options=WriteOptions())
    path = folder / f"saved-{format_id}.json"
    path.write_bytes(file.getvalue())
    return path


def told(hash_set: HashSet) -> list[tuple[Any, ...]]:
    """All that the entries in force say, but for what a saved set never tells."""
    secret = {"more", "media_id", "date_updated", "date_updated_utc"}
    return [
        (bytes(each.ident), each.twin, each.md5, each.sha1, each.sha256, each.size, each.code, each.disposition,
         each.conflict, each.flags, {name: said for name, said in each.raw.items() if name not in secret})
        for each in current(hash_set)
    ]  # fmt: skip


@pytest.mark.parametrize("format_id", VERSIONS)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_saved_set_imported_into_itself_changes_nothing(
    name: str, format_id: str, tmp_path: Path, people: People
) -> None:
    made = sample(name, people.supervisor)
    before = {(each.id, each.public_id, str(each.raw)) for each in current(made)}
    report = load(made, saved(made, tmp_path, people.supervisor, format_id), by=people.supervisor)
    assert report.difference == Difference(added=0, withdrawn=0, changed=0, unchanged=len(before))
    assert report.generation == 2
    assert {(each.id, each.public_id, str(each.raw)) for each in current(made)} == before
    assert versions.diff(made, 1, 2).moves == []


@pytest.mark.parametrize("format_id", VERSIONS)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_saved_set_imported_into_another_gives_the_same_set(
    name: str, format_id: str, tmp_path: Path, people: People
) -> None:
    made = sample(name, people.supervisor)
    other = another(people.supervisor, made.role, made.scheme.scheme_id)
    load(other, saved(made, tmp_path, people.supervisor, format_id), by=people.supervisor)
    assert told(other) == told(made)
    for one, two in ((made, other), (other, made)):
        overlap = comparisons.overlap(one, two)
        assert overlap
        assert (overlap.common, overlap.differ) == (len(told(made)), 0)


@pytest.fixture
def rich(people: People, tmp_path: Path) -> HashSet:
    """A set with what a saved one never tells, a record without a number, and dates with a zone."""
    made = another(people.supervisor, "relevant", "us-pvic")
    odd = media(1, 1, NewField={"a": [1]}, Comments="said so", Series=["A, B", "C"], DateUpdated=OFFSET)
    bare = {"Category": 2, "MD5": digest(2), "DateUpdated": "2025-01-02T03:04:05.678+02:00Z", "Other": "x"}
    load(made, document(tmp_path, odd, bare, media(3, 0)), by=people.supervisor)
    return made


def edited(path: Path, number: int, **values: Any) -> Path:
    """The saved file with other values in the record of one made-up hash."""
    told = json.loads(path.read_text())
    (one,) = [record for record in told["value"] if record["MD5"].lower() == digest(number)]
    one.update(values)
    path.write_text(json.dumps(told))
    return path


@pytest.mark.parametrize("format_id", VERSIONS)
def test_what_a_saved_set_does_not_tell_stays_with_its_entries(
    format_id: str, rich: HashSet, tmp_path: Path, supervisor: User
) -> None:
    path = saved(rich, tmp_path, supervisor, format_id)
    assert load(rich, path, by=supervisor).difference == Difference(0, 0, 0, 3)
    path = edited(path, 1, Category=2, Series="D")
    assert load(rich, path, by=supervisor).difference == Difference(added=0, withdrawn=0, changed=1, unchanged=2)
    first, second, _third = current(rich)
    assert (first.code, first.raw["series"]) == ("2", ["D"])
    assert first.raw["more"] == {"NewField": {"a": [1]}, "Comments": "said so"}
    assert second.raw["more"] == {"Other": "x"}


# How one record of the list of before is told now; whether that is a change of its entry.
TOLD_ANEW: list[tuple[dict[str, Any], int]] = [
    # its number is the file's, not the entry's
    ({"MediaID": 99}, 0),
    # the same moment in another form
    ({"DateUpdated": ZULU}, 0),
    ({"DateUpdated": "2025-01-02T08:04:05.0000000Z"}, 0),
    ({"DateUpdated": "2025-01-02T08:04:05.000+00:00Z"}, 0),
    # another one; one without a zone is none in particular
    ({"DateUpdated": "2025-01-02T08:04:06Z"}, 1),
    ({"DateUpdated": "2025-01-02T08:04:05"}, 1),
    # where the list has fields without a place, one that is gone or says something else is a change
    ({"Comments": ""}, 1),
    ({"NewField": {"a": [2]}}, 1),
    # names as one text or as a list are the same names
    ({"Tags": ["x", "y"]}, 0),
    ({"Tags": ["x"]}, 1),
]


@pytest.mark.parametrize(("values", "changed"), TOLD_ANEW)
def test_only_what_an_entry_says_is_a_change(
    values: dict[str, Any], changed: int, people: People, tmp_path: Path
) -> None:
    made = another(people.supervisor, "relevant", "us-pvic")
    before = media(1, 1, NewField={"a": [1]}, Comments="said so", Tags="x,y", DateUpdated=OFFSET)
    load(made, document(tmp_path, before, media(2, Other="x")), by=people.supervisor)
    now = document(tmp_path, {**before, **values}, media(2, Other="x"), name="now.json")
    assert load(made, now, by=people.supervisor).difference == Difference(0, 0, changed, 2 - changed)
    assert len(versions.diff(made, 1, 2).moves) == changed
    assert len(versions.changes(made, 1, 2)[0]) == changed
    assert [change.what for change in versions.changes(made, 1, 2)[0]] == ["changed"] * changed


def test_an_entry_in_doubt_stays_in_doubt_wherever_its_saved_set_goes(people: People, tmp_path: Path) -> None:
    made, other = (another(people.supervisor, "relevant", "us-pvic") for _ in range(2))
    load(made, document(tmp_path, media(1, 0), media(1, 1), media(2, 2)), by=people.supervisor)
    file = io.BytesIO()
    done = listing.export(made, file, by=people.supervisor, format_id="csv", options=WriteOptions())
    assert done.entries == 2
    path = tmp_path / "saved.csv"
    path.write_bytes(file.getvalue())
    assert load(other, path, by=people.supervisor).conflicts == 1
    assert [(each.code, each.conflict, each.raw.get("codes")) for each in current(other)] == [
        ("1", True, ["0", "1"]), ("2", False, None),
    ]  # fmt: skip
