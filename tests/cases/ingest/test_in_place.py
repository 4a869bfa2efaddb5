"""Evidence left in place: only hashed, read again from where it stands, and never shown when it is not what came in."""

import json
import os
import zipfile
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event, Thread
from typing import BinaryIO

import pytest
from django.db import connection

from cases import evidence, exports, film_files, rehashing, tasks
from cases.demo import clips
from cases.exports.base import Options
from cases.exports.vics_files import EvidenceMissing
from cases.ingest import listing, originals, pipeline, sweeping
from cases.ingest.base import SourceGone, Spoiled
from cases.models import Case, Content, Exhibit, Item
from cases.rehashing import Scope
from tests import factories
from tests.cases.ingest.test_command import run
from tests.cases.ingest.trees import chains, picture, take_in, tree
from tests.cases.ingest.trees import ledger as rows
from tests.people import People, signed_in
from workbench import checks, storage, store_files
from workbench.errors import BadInput
from workbench.models import Agency, AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case(people: People) -> Case:
    return factories.case(people.investigator, people.supervisor)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    return tree(tmp_path / "share", {"a.png": picture(1), "b/c.png": picture(2), "notes.txt": b"hills"})


def leave(case: Case, source: Path, ref: str = "NM-01", reader: str = "folder") -> Exhibit:
    """Add evidence that stays where it is, without working on it yet."""
    return evidence.add_exhibit(
        case=case, ref=ref, reader_id=reader, source=os.fsencode(source), by=case.lead, keep="place"
    )


def blobs(case: Case) -> list[str]:
    return [one.path.name for one in store_files.kept(case.agency) if not one.ending]


def content(data: bytes) -> Content:
    return next(one for one in Content.objects.filter(size=len(data)))


def wanted() -> None:
    """As where nobody needed the pictures so far, and now somebody wants them."""
    Content.objects.filter(kind="still").update(preview="pending", veil=None, preview_lease=None)


def test_of_files_are_hashed_and_shown_and_none_is_copied(case: Case, share: Path) -> None:
    exhibit = pipeline.drain(leave(case, share).pk)
    assert rows(exhibit) == {
        b"a.png": ("accepted", ""), b"b/c.png": ("accepted", ""), b"notes.txt": ("without_preview", "not-media"),
    }  # fmt: skip
    assert blobs(case) == []
    assert set(Item.objects.values_list("state", flat=True)) == {"open"}
    assert storage.preview(case.agency, bytes(content(picture(1)).sha256))
    assert exhibit.integrity["list"]["files"] == 3
    assert checks.broken(None) == []


def test_of_the_log_says_that_they_were_left_in_place(case: Case, share: Path) -> None:
    leave(case, share)
    assert json.loads(AuditEvent.objects.get(verb="evidence.add").body)["details"]["keep"] == "place"


def test_of_archives_in_it_their_members_are_read_through_the_archive(case: Case, share: Path) -> None:
    with zipfile.ZipFile(share / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d.png", picture(3))
        archive.writestr("inner.tar", b"")
    exhibit = pipeline.drain(leave(case, share).pk)
    assert chains(exhibit)["z.zip > d.png"] == ("accepted", "")
    assert blobs(case) == []
    with originals.opened(case.agency, bytes(content(picture(3)).sha256)) as file:
        assert file.read() == picture(3)


def test_of_what_also_came_as_a_copy_the_stores_bytes_are_used(case: Case, share: Path) -> None:
    pipeline.drain(leave(case, share).pk)
    take_in(case, tree(share.parent / "other", {"x.png": picture(1)}), ref="NM-02")
    (share / "a.png").unlink()
    with originals.opened(case.agency, bytes(content(picture(1)).sha256)) as file:
        assert file.read() == picture(1)


@pytest.mark.parametrize(("now", "reason"), [(picture(9), "bytes-differ"), (None, "bytes-lost")])
def test_of_a_file_that_is_not_what_came_in_no_picture_is_made(
    case: Case, share: Path, now: bytes | None, reason: str
) -> None:
    pipeline.drain(leave(case, share).pk)
    sha256 = bytes(content(picture(1)).sha256)
    wanted()
    (share / "a.png").unlink()
    tree(share, {"a.png": now} if now else {})
    with pytest.raises(Spoiled, match=reason), originals.opened(case.agency, sha256):
        pass
    tasks.make_previews(case.agency_id)
    assert Content.objects.get(sha256=sha256).preview_reason == reason
    assert Content.objects.get(sha256=sha256).veil is None


def test_of_a_share_that_is_away_pictures_wait_until_it_is_back(case: Case, share: Path) -> None:
    pipeline.drain(leave(case, share).pk)
    wanted()
    Item.objects.update(state="known")
    away = share.rename(share.with_name("away"))
    tasks.make_previews(case.agency_id)
    assert set(Content.objects.filter(kind="still").values_list("preview", flat=True)) == {"deferred"}
    with pytest.raises(SourceGone), originals.opened(case.agency, bytes(content(picture(1)).sha256)):
        pass
    away.rename(share)
    wanted()
    tasks.make_previews(case.agency_id)
    assert set(Content.objects.filter(kind="still").values_list("preview", flat=True)) == {"made"}


def test_of_a_share_that_goes_away_during_the_ingest_it_goes_on_by_itself(case: Case, share: Path) -> None:
    exhibit = leave(case, share)
    listing.list_files(exhibit.pk)
    away = share.rename(share.with_name("away"))
    assert pipeline.drain(exhibit.pk).state_reason == "source"
    away.rename(share)
    sweeping.unfinished()
    assert pipeline.drain(exhibit.pk).state == "done"


def test_of_reading_again_it_is_read_where_it_stands(case: Case, share: Path) -> None:
    pipeline.drain(leave(case, share).pk)
    assert rehashing.read_again(Scope(case.agency)).is_whole
    (share / "a.png").write_bytes(picture(9))
    (share / "b/c.png").unlink()
    found = rehashing.read_again(Scope(case.agency, case))
    assert (found.checked, found.missing, found.differing) == (3, 1, 1)
    share.rename(share.with_name("away"))
    assert rehashing.read_again(Scope(case.agency)).unreachable == 3


def test_of_an_export_with_media_the_files_are_in_it_or_it_is_not_made(case: Case, share: Path, people: People) -> None:
    pipeline.drain(leave(case, share).pk)
    vics = exports.product("vics")
    assert exports.build(case=case, product=vics, by=people.supervisor, options=Options(media=True)).size > 0
    (share / "a.png").write_bytes(picture(9))
    Item.objects.update(flagged=True)  # another state of the case
    with pytest.raises(EvidenceMissing, match="no longer what came in"):
        exports.build(case=case, product=vics, by=people.supervisor, options=Options(media=True, version="1.3"))


def test_of_an_archive_as_a_whole_exhibit_is_copied(case: Case, share: Path) -> None:
    with pytest.raises(BadInput):
        leave(case, share, reader="archive")


def test_of_an_exhibit_that_is_left_in_place_is_not_gone_on_with_as_a_copy(case: Case, share: Path) -> None:
    leave(case, share)
    with pytest.raises(evidence.ExhibitTaken, match="left in place"):
        take_in(case, share)


def test_of_the_command_leaves_in_place_what_it_is_told_to(case: Case, share: Path) -> None:
    assert run(case, share, "--in-place")[0] == 0
    assert (Exhibit.objects.get().keep, blobs(case)) == ("place", [])
    page = signed_in(case.lead).get(f"/cases/{case.public_id}/", secure=True).content.decode()
    assert "Folder, left in place" in page


def test_while_one_film_is_copied_another_plays(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, quick = clips.pan("alpine", 1, 1), clips.pan("coastal", 1, 1)
    pipeline.drain(leave(case, tree(tmp_path / "films", {"one.mp4": slow, "two.mp4": quick})).pk)
    begun, go_on, came, opened = Event(), Event(), list[bytes](), originals.opened

    def at_leisure(agency: Agency, sha256: bytes) -> AbstractContextManager[BinaryIO]:
        if sha256 == bytes(content(slow).sha256):
            begun.set()
            assert go_on.wait(20)
        return opened(agency, sha256)

    def play() -> None:
        try:
            with film_files.opened(case.agency, content(slow)) as file:
                came.append(file.read())
        finally:
            connection.close()

    monkeypatch.setattr(originals, "opened", at_leisure)
    players = [Thread(target=play) for _ in range(2)]  # of the same film: one copies, the other waits
    for player in players:
        player.start()
    assert begun.wait(60)
    with film_files.opened(case.agency, content(quick)) as file:
        assert (file.read(), came) == (quick, [])
    go_on.set()
    for player in players:
        player.join()
    assert came == [slow, slow]


def test_a_film_is_copied_once_for_as_long_as_it_is_played(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = clips.pan("alpine", 1, 1)
    source = tree(tmp_path / "films", {"one.mp4": film})
    pipeline.drain(leave(case, source).pk)
    for _ in range(2):
        with (
            film_files.opened(case.agency, content(film)) as first,
            film_files.opened(case.agency, content(film)) as other,
        ):
            assert first.read(100) == film[:100]  # each has a place of its own in it
            assert other.read() == film
        (source / "one.mp4").unlink(missing_ok=True)
    monkeypatch.setattr(film_files, "KEPT_SECONDS", 0.0)
    film_files._sweep()
    with pytest.raises(Spoiled), film_files.opened(case.agency, content(film)):
        pass
