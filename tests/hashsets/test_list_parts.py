"""Lists that come in several files: all of them, or a refusal that names what is missing."""

from pathlib import Path

import pytest

from hashsets.import_checks import MissingParts
from hashsets.models import Entry, HashSet
from tests.hashsets.exchange.list_examples import zipped
from tests.hashsets.lists import by_number, document, load, media
from workbench.models import AuditEvent, User

PARTS = ["gold 1 of 3.json", "gold 2 of 3.json", "gold 3 of 3.json"]


def parts(folder: Path) -> list[Path]:
    """The three parts of a set, one entry each."""
    return [document(folder, media(number), name=name) for number, name in enumerate(PARTS, 1)]


def test_a_missing_part_is_refused_by_name(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    first, _second, third = parts(tmp_path)
    with pytest.raises(MissingParts, match=r"missing: gold 2 of 3\.json\. Nothing was stored") as caught:
        load(us, third, first, by=supervisor)
    assert caught.value.details == ["gold 2 of 3.json"]
    assert not Entry.objects.filter(set=us).exists()
    assert AuditEvent.objects.filter(verb="set.import.fail").count() == 1


def test_a_list_with_all_its_parts_is_one_version(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    report = load(us, *parts(tmp_path), by=supervisor)
    assert (report.generation, list(by_number(us)), report.warnings()) == (1, [1, 2, 3], [])


def test_whoever_does_without_a_part_is_reminded_of_it(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    report = load(us, parts(tmp_path)[0], by=supervisor, incomplete=True)
    assert (report.stored, report.problems()) == (1, ["parts-missing: gold 2 of 3.json, gold 3 of 3.json"])


def test_the_parts_may_come_in_one_zip(tmp_path: Path, us: HashSet, supervisor: User) -> None:
    files = {path.name: path.read_bytes() for path in parts(tmp_path)}
    (tmp_path / "gold.zip").write_bytes(zipped({f"gold\\{name}": data for name, data in files.items()}))
    report = load(us, tmp_path / "gold.zip", by=supervisor)
    assert (report.stored, report.figures()["read"], len(report.parts)) == (3, 3, 1)
    del files[PARTS[1]]
    (tmp_path / "gold.zip").write_bytes(zipped(files))
    with pytest.raises(MissingParts, match=r"gold 2 of 3\.json"):
        load(us, tmp_path / "gold.zip", by=supervisor)
