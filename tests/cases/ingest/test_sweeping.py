"""What a dead worker leaves is found in the ledger and brought to its end, and only what killed it is given up."""

import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from cases import evidence, tasks
from cases.ingest import leases, ledger, listing, members, pipeline, sweeping
from cases.ingest.folder import Folder
from cases.models import Case, Content, Exhibit, FileInstance, Item
from tests.cases.ingest.trees import add, figures, picture, take_in, tree
from tests.cases.ingest.trees import ledger as rows
from tests.workbench.archive_samples import archived
from workbench import checks
from workbench.jail import DecoderDied
from workbench.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listed(case: Case, tmp_path: Path) -> Exhibit:
    exhibit = add(case, tree(tmp_path, {f"{n}.png": picture(n) for n in range(5)}))
    listing.list_files(exhibit.pk)
    return exhibit


def run_out() -> None:
    """Every lease ends now, as when workers are dead for long enough."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_fileinstance SET lease_until = now() - interval '1 s' WHERE lease_until > now()")
        cursor.execute("UPDATE cases_content SET preview_lease = now() - interval '1 s' WHERE preview_lease > now()")
        cursor.execute("UPDATE workbench_job SET lease_until = now() - interval '1 s' WHERE lease_until > now()")


def test_of_rows_under_a_lease_are_left_alone(listed: Exhibit) -> None:
    assert len(ledger.claim(listed.pk).rows) == 5
    assert ledger.claim(listed.pk).rows == []
    assert sweeping.unfinished().to_hash == []


def test_of_rows_of_a_dead_worker_are_taken_one_at_a_time(listed: Exhibit) -> None:
    ledger.claim(listed.pk)
    run_out()
    assert {subject for _, subject in sweeping.unfinished().to_hash} == set(evidence.slots(listed))
    assert len(ledger.claim(listed.pk).rows) == 1
    run_out()
    assert figures(pipeline.drain(listed.pk)) == (5, 0, 0, 5, 0, 0, 0)


def test_of_the_third_death_gives_up_the_row_that_killed_and_no_other(listed: Exhibit) -> None:
    ledger.claim(listed.pk)
    for _ in range(2):
        run_out()
        [culprit] = ledger.claim(listed.pk).rows
    run_out()
    exhibit = pipeline.drain(listed.pk)
    assert figures(exhibit) == (5, 0, 0, 4, 0, 1, 1)
    assert FileInstance.objects.get(state="rejected").pk == culprit.id
    assert FileInstance.objects.get(state="rejected").reason == "decoder-killed"
    assert checks.broken(None) == []


def test_of_a_preview_that_kills_three_workers_is_given_up(case: Case, tmp_path: Path) -> None:
    exhibit = take_in(case, tree(tmp_path, {"a.png": picture(1)}))
    Content.objects.update(preview="pending", preview_tries=2, preview_lease=None)
    FileInstance.objects.update(state="hashed")
    Exhibit.objects.update(state="running", hashed=1, accepted=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_content SET preview_lease = now() - interval '1 s'")
    assert sweeping.unfinished().to_decode == [case.agency_id]
    tasks.make_previews(case.agency_id)
    assert rows(exhibit) == {b"a.png": ("without_preview", "decoder-killed")}
    assert Item.objects.get().state == "open"


def test_of_a_preview_wanted_later_is_made(case: Case, tmp_path: Path) -> None:
    take_in(case, tree(tmp_path, {"a.png": picture(1)}))
    Content.objects.update(preview="pending", preview_lease=None, veil=None)
    tasks.make_previews(case.agency_id)
    assert Content.objects.get().preview == "made"


def test_of_a_listing_nobody_works_on_is_taken_up_and_ends_with_the_same_totals(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, {f"{n}.txt": b"%d" % n for n in range(10)}))
    half = list(Folder().find(bytes(exhibit.source)))[:4]
    ledger.add(exhibit.pk, half)
    assert sweeping.unfinished().to_list == [exhibit.pk]
    assert figures(pipeline.drain(exhibit.pk)) == (10, 0, 0, 0, 10, 0, 10)


def test_of_a_job_is_held_by_one_worker_at_a_time(listed: Exhibit) -> None:
    slot = evidence.slots(listed)[0]
    with leases.taking(evidence.HASH, slot) as held, leases.taking(evidence.HASH, slot) as second:
        assert held is not None
        assert second is None
    assert Job.objects.get(kind=evidence.HASH, subject=slot).lease_until is None


def test_of_a_worker_that_lives_keeps_its_leases(listed: Exhibit) -> None:
    slot = evidence.slots(listed)[0]
    with leases.taking(evidence.HASH, slot) as held:
        assert held
        held.rows(row.id for row in ledger.claim(listed.pk).rows)
        run_out()
        held.renew()
        assert ledger.claim(listed.pk).rows == []


def test_of_an_archive_that_was_read_is_free_to_be_listed_though_its_reader_lives(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, {"a.zip": archived("zip", [("1.png", picture(1))])}))
    listing.list_files(exhibit.pk)
    with leases.taking(evidence.HASH, evidence.slots(exhibit)[0]) as held:
        assert held
        pipeline._hash_claim(exhibit, held, time.monotonic() + 60)
        row = FileInstance.objects.get()
        held.rows([row.pk])  # as it is between the commit of the archive and the end of its claim
        held.renew()
        row.refresh_from_db()
        assert (row.members, row.lease_until) == ("unlisted", None)


def test_of_an_archive_that_is_being_listed_keeps_its_lease(case: Case, tmp_path: Path) -> None:
    exhibit = add(case, tree(tmp_path, {"a.zip": archived("zip", [("1.png", picture(1))])}))
    listing.list_files(exhibit.pk)
    with leases.taking(evidence.HASH, evidence.slots(exhibit)[0]) as held:
        assert held
        pipeline._hash_claim(exhibit, held, time.monotonic() + 60)
        claimed = members._claim(exhibit.pk)
        assert claimed
        held.archive(claimed.id)
        run_out()
        held.renew()
        assert members._claim(exhibit.pk) is None


def test_of_a_full_disk_holds_the_ingest_without_half_records_and_it_goes_on_alone(
    listed: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("workbench.storage.os.fsync", full)
        exhibit = pipeline.drain(listed.pk)
    assert (exhibit.state, exhibit.state_reason) == ("paused", "space")
    assert figures(exhibit) == (5, 5, 0, 0, 0, 0, 0)
    assert not Content.objects.exists()
    assert not list((settings.DATA_DIR / "evidence").glob(f"{listed.case.agency.public_id}/incoming/*"))
    sweeping.unfinished()
    assert figures(pipeline.drain(listed.pk)) == (5, 0, 0, 5, 0, 0, 0)


@pytest.mark.parametrize("mount_point_stays", [False, True])
def test_of_members_of_an_archive_none_is_rejected_while_the_store_is_gone(
    case: Case, tmp_path: Path, mount_point_stays: bool
) -> None:
    exhibit = add(case, tree(tmp_path, {"a.zip": archived("zip", [("1.png", picture(1)), ("2.png", picture(2))])}))
    listing.list_files(exhibit.pk)
    store = settings.DATA_DIR / "evidence" / str(case.agency.public_id)
    with leases.taking(evidence.HASH, evidence.slots(exhibit)[0]) as held:
        assert held
        pipeline._hash_claim(exhibit, held, time.monotonic() + 60)
        members.list_one(exhibit, held, lambda: True)
    store.rename(store.with_name("unplugged"))
    if mount_point_stays:
        store.mkdir()
    found = pipeline.drain(exhibit.pk)
    assert (found.state, found.state_reason, found.rejected) == ("paused", "store", 0)
    if mount_point_stays:
        store.rmdir()
    store.with_name("unplugged").rename(store)
    sweeping.unfinished()
    assert figures(pipeline.drain(exhibit.pk)) == (3, 0, 0, 2, 1, 0, 1)


def test_of_a_store_that_was_unplugged_holds_the_ingest_and_it_goes_on_alone(listed: Exhibit) -> None:
    store = settings.DATA_DIR / "evidence"
    take_in(listed.case, tree(store.parent / "other", {"x.txt": b"x"}), ref="NM-02")  # the agency has a store
    store.rename(store.with_name("unplugged"))
    try:
        exhibit = pipeline.drain(listed.pk)
        assert (exhibit.state, exhibit.state_reason, exhibit.rejected) == ("paused", "store", 0)
        sweeping.unfinished()
        exhibit.refresh_from_db()
        assert exhibit.state == "paused"
    finally:
        store.with_name("unplugged").rename(store)
    sweeping.unfinished()
    assert figures(pipeline.drain(listed.pk)) == (5, 0, 0, 5, 0, 0, 0)
    assert checks.broken(None) == []


def test_of_a_source_that_was_unplugged_holds_the_ingest_until_it_is_back(listed: Exhibit, tmp_path: Path) -> None:
    away = tmp_path.with_name(f"{tmp_path.name}-away")
    tmp_path.rename(away)
    exhibit = pipeline.drain(listed.pk)
    assert (exhibit.state, exhibit.state_reason, exhibit.rejected) == ("paused", "source", 0)
    sweeping.unfinished()
    assert Exhibit.objects.get().state == "paused"
    away.rename(tmp_path)
    sweeping.unfinished()
    assert figures(pipeline.drain(listed.pk)) == (5, 0, 0, 5, 0, 0, 0)


def test_of_a_decoder_that_cannot_start_is_held_against_no_file(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibit = add(case, tree(tmp_path, {"a.png": picture(1)}))
    listing.list_files(exhibit.pk)

    def refuse(*_: object, **__: object) -> None:
        raise DecoderDied

    with monkeypatch.context() as broken:
        broken.setattr("workbench.jail.Decoder.preview", refuse)
        for _ in range(4):
            with pytest.raises(DecoderDied):
                pipeline.hash_files(exhibit.pk, evidence.slots(exhibit)[0])
    assert figures(pipeline.drain(exhibit.pk)) == (1, 0, 0, 1, 0, 0, 0)
