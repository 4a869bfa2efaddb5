"""An export is built once per state, is complete on disk before its row, and tells the log who took it."""

import hashlib
import json
import os
from uuid import uuid4

import pytest

from cases import exports
from cases.models import Case, Export
from tests import factories
from tests.cases.exports import scene
from tests.people import People
from workbench import checks
from workbench.errors import NotAllowed
from workbench.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(people: People) -> Case:
    return scene.made(people)


def verbs(case: Case) -> list[str]:
    return list(
        AuditEvent.objects.filter(case=case.public_id, verb__startswith="export.").values_list("verb", flat=True)
    )


def test_an_unchanged_case_is_built_once(case: Case, people: People) -> None:
    first = scene.build(case, people.supervisor)
    assert scene.build(case, people.exporter) == first
    assert Export.objects.count() == 1
    assert verbs(case) == ["export.build"]


def test_a_decision_makes_another_export_and_the_old_one_stays(case: Case, people: People) -> None:
    old = scene.build(case, people.supervisor)
    before = exports.stored(old).read_bytes()
    scene.decide(case, "lake", "1", people.investigator)
    new = scene.build(case, people.supervisor)
    assert new.state_digest != old.state_digest
    assert new.as_of > old.as_of
    assert exports.stored(old).read_bytes() == before


def test_what_changes_nothing_shown_leaves_the_bytes_and_the_event_number(case: Case, people: People) -> None:
    with scene.forgotten():
        first = scene.build(case, people.supervisor, "summary")
        before = exports.stored(first).read_bytes()
    scene.build(case, people.supervisor, "schedule")
    exports.fetch(export=scene.build(case, people.exporter, "vics"), by=people.exporter)
    factories.person(people.north)
    after = scene.build(case, people.exporter, "summary")
    assert exports.stored(after).read_bytes() == before
    assert after.as_of == first.as_of


def test_row_and_file_agree(case: Case, people: People) -> None:
    export = scene.build(case, people.supervisor)
    data = exports.stored(export).read_bytes()
    assert (export.size, bytes(export.sha256)) == (len(data), hashlib.sha256(data).digest())
    assert export.file_name == f"26-0312-vics2.0-{export.as_of}.zip"


def test_the_manifest_names_state_case_and_event(case: Case, people: People) -> None:
    export = scene.build(case, people.supervisor)
    manifest = json.loads(scene.members(export)["manifest.json"])
    assert manifest["as_of"] == export.as_of
    assert manifest["state"] == bytes(export.state_digest).hex()
    assert manifest["case"] == {
        "id": str(case.public_id), "number": "26-0312", "name": case.name, "state": "open",
    }  # fmt: skip


def test_a_lost_file_is_built_again_with_the_same_bytes(case: Case, people: People) -> None:
    export = scene.build(case, people.supervisor, "summary")
    path = exports.stored(export)
    before = path.read_bytes()
    path.unlink()
    scene.decide(case, "lake", "1", people.investigator)
    scene.build(case, people.supervisor, "summary")
    with pytest.raises(exports.ExportLost):
        exports.fetch(export=export, by=people.supervisor)
    scene.take_back(case, "lake", people.investigator)
    assert scene.build(case, people.supervisor, "summary") == export
    assert path.read_bytes() == before


def test_two_states_under_one_event_have_two_numbers(case: Case, people: People) -> None:
    first = scene.build(case, people.supervisor, "schedule")
    factories.item(case.exhibits.get(ref="NM-2"), "fjord", "fjord.jpg")  # evidence still comes in, without an event
    second = scene.build(case, people.supervisor, "schedule")
    assert second.as_of > first.as_of


def test_building_leaves_nothing_half_done(case: Case, people: People) -> None:
    export = scene.build(case, people.supervisor)
    scene.build(case, people.supervisor)
    assert [path.name for path in exports.stored(export).parent.iterdir()] == [f"{export.public_id}.zip"]


def test_what_a_killed_builder_left_is_swept_after_a_day(case: Case, people: People) -> None:
    folder = exports.stored(scene.build(case, people.supervisor)).parent
    old, fresh = folder / ".old.part", folder / ".fresh.part"
    for part in (old, fresh):
        part.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert exports.sweep() == 1
    assert sorted(path.suffix for path in folder.iterdir()) == [".part", ".zip"]
    fresh.unlink()


def test_a_finished_package_that_no_row_names_is_swept_and_one_that_has_a_row_stays(case: Case, people: People) -> None:
    kept = exports.stored(scene.build(case, people.supervisor))
    nobodys = kept.with_name(f"{uuid4()}.zip")  # its builder died before the row was written
    nobodys.write_bytes(b"package")
    for path in (kept, nobodys):
        os.utime(path, (0, 0))
    assert exports.sweep() == 1
    assert kept.is_file()
    assert not nobodys.exists()


def test_only_supervisors_and_exporters_build_and_only_supervisors_with_media(case: Case, people: People) -> None:
    for person in (people.investigator, people.auditor, people.welfare, people.admin):
        with pytest.raises(NotAllowed):
            scene.build(case, person)
    with pytest.raises(NotAllowed):
        scene.build(case, people.exporter, media=True)
    assert not Export.objects.exists()


def test_a_package_with_media_is_handed_to_supervisors_only(case: Case, people: People) -> None:
    export = scene.build(case, people.exporter, "vics")
    export.product += "+media"
    with pytest.raises(NotAllowed):
        exports.fetch(export=export, by=people.exporter)
    assert exports.fetch(export=export, by=people.supervisor).is_file()


def test_every_download_is_an_event(case: Case, people: People) -> None:
    export = scene.build(case, people.supervisor)
    for _ in range(2):
        exports.fetch(export=export, by=people.exporter)
    assert verbs(case) == ["export.build", "export.fetch", "export.fetch"]


def test_the_invariants_hold_after_exports(case: Case, people: People) -> None:
    for product in exports.BUILT_IN:
        scene.build(case, people.supervisor, product.id)
    scene.decide(case, "lake", "1", people.investigator)
    for product in exports.BUILT_IN:
        exports.fetch(export=scene.build(case, people.supervisor, product.id), by=people.supervisor)
    assert checks.broken(case.pk) == []
