"""On a machine whose kernel lacks Landlock or seccomp nothing is decoded, nothing is lost, and everybody is told."""

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core import checks as django_checks
from django.test import Client, override_settings

from cases import tasks
from cases.ingest import decoding, listing, pipeline, sweeping
from cases.models import Case, Content, Item
from tests.cases.ingest import disks
from tests.cases.ingest.trees import add, figures, picture, take_in, tree
from tests.people import People
from workbench import checks, decoders
from workbench.jail import Decoder, NoJail
from workbench.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["landlock", "seccomp"])
def lacking(request: pytest.FixtureRequest) -> Iterator[pytest.MonkeyPatch]:
    """The kernel's answer to the question for the layer, and how to take it back: `undo`."""
    with pytest.MonkeyPatch.context() as patch:
        lack(patch, request.param)
        yield patch


def lack(patch: pytest.MonkeyPatch, layer: str) -> None:
    if layer == "landlock":
        patch.setattr("workbench.jail.landlock.version", lambda: 0)
    else:
        patch.setattr("workbench.jail.seccomp.available", lambda: False)


def zipped(path: Path) -> Path:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.png", picture(1))
    path.write_bytes(stream.getvalue())
    return path


def page(user: User, path: str = "/") -> str:
    client = Client()
    client.force_login(user, backend="workbench.people.PasswordBackend")
    return client.get(path).content.decode()


def test_of_files_are_hashed_and_their_previews_wait_until_the_layer_is_there(
    case: Case, tmp_path: Path, lacking: pytest.MonkeyPatch
) -> None:
    exhibit = take_in(case, tree(tmp_path, {"a.png": picture(1), "b.png": picture(2)}))
    assert (exhibit.state, figures(exhibit)) == ("running", (2, 0, 2, 0, 0, 0, 0))
    assert set(Content.objects.values_list("preview", "preview_tries", "preview_lease")) == {("pending", 0, None)}
    assert set(Item.objects.values_list("state", flat=True)) == {"waiting"}
    assert sweeping.unfinished().to_decode == []
    assert checks.broken(None) == []

    lacking.undo()
    assert sweeping.unfinished().to_decode == [case.agency_id]
    tasks.make_previews(case.agency_id)
    sweeping.unfinished()
    assert figures(exhibit) == (2, 0, 0, 2, 0, 0, 0)
    assert exhibit.state == "done"
    assert checks.broken(None) == []


def test_of_an_archive_is_held_and_goes_on_by_itself(case: Case, tmp_path: Path, lacking: pytest.MonkeyPatch) -> None:
    exhibit = take_in(case, zipped(tmp_path / "phone.zip"), reader="archive")
    assert (exhibit.state, exhibit.state_reason) == ("paused", "jail")
    sweeping.unfinished()
    exhibit.refresh_from_db()
    assert exhibit.state == "paused"

    lacking.undo()
    sweeping.unfinished()
    assert figures(pipeline.drain(exhibit.pk)) == (1, 0, 0, 1, 0, 0, 0)


def test_of_a_disk_image_is_held_and_goes_on_by_itself(case: Case, tmp_path: Path, lacking: pytest.MonkeyPatch) -> None:
    path = tmp_path / "disk.dd"
    path.write_bytes(disks.fat({"a.png": picture(1)}))
    exhibit = take_in(case, path, reader="image")
    assert (exhibit.state, exhibit.state_reason) == ("paused", "jail")

    lacking.undo()
    sweeping.unfinished()
    assert figures(pipeline.drain(exhibit.pk)) == (1, 0, 0, 1, 0, 0, 0)


def test_of_an_archive_that_was_listed_before_is_held_too(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibit = add(case, zipped(tmp_path / "phone.zip"), reader="archive")
    listing.list_files(exhibit.pk)
    lack(monkeypatch, "landlock")
    exhibit = pipeline.drain(exhibit.pk)
    assert (exhibit.state, exhibit.state_reason, figures(exhibit)) == ("paused", "jail", (1, 1, 0, 0, 0, 0, 0))


def test_of_the_decoder_itself_refuses(lacking: pytest.MonkeyPatch) -> None:
    with Decoder() as decoder, Path(__file__).open("rb") as file, pytest.raises(NoJail):
        decoder.preview(file.fileno(), size=1)


def test_of_everybody_reads_it_on_every_page_and_in_the_system_check(
    people: People, case: Case, lacking: pytest.MonkeyPatch
) -> None:
    for path in ("/", "/cases/", f"/cases/{case.public_id}/"):
        assert "Previews are off" in page(people.investigator, path)
    outside = Client().get("/", follow=True)
    assert (outside.status_code, "Previews are off" in outside.content.decode()) == (200, False)
    assert "workbench.W001" in [message.id for message in django_checks.run_checks()]
    lacking.undo()
    assert "Previews are off" not in page(people.investigator)
    assert "workbench.W001" not in [message.id for message in django_checks.run_checks()]


@override_settings(JAIL_INCOMPLETE_IS_ACCEPTED=True)
def test_of_what_the_operator_accepted_is_decoded_and_said(
    people: People, case: Case, tmp_path: Path, lacking: pytest.MonkeyPatch
) -> None:
    decoding.decoder.cache_clear()
    try:
        assert figures(take_in(case, tree(tmp_path, {"a.png": picture(1)}))) == (1, 0, 0, 1, 0, 0, 0)
    finally:
        decoding.decoder.cache_clear()
    assert "which whoever runs Winnow has accepted" in page(people.investigator)
    assert any("which whoever runs Winnow has accepted" in message.msg for message in django_checks.run_checks())


def test_of_administrators_read_that_decoders_share_their_user(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert decoders.SAME_USER in page(people.admin)
    assert decoders.SAME_USER not in page(people.investigator)
