"""What the decoder found of a content reaches its rows, in the same few statements whatever it is."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.db import transaction
from PIL import Image

from cases import tasks
from cases.ingest import findings
from cases.ingest.findings import Finding
from cases.models import Case, Content, Keyframe, Metadata
from tests import statements
from tests.cases.ingest.trees import picture, take_in, tree
from tests.cases.material import pictures
from tests.workbench.jail_samples import clip
from workbench import storage
from workbench.jail import Preview
from workbench.jail import results as jail

pytestmark = pytest.mark.django_db

PLAIN = Preview("still", "image/jpeg", 640, 480, state="made", veil=b"RIFF", clear=b"\xff\xd8\xff")
FILM = replace(
    PLAIN, kind="video", duration_ms=9000, frames=225, codec="h264", pdq=bytes(32), pdq_quality=88, pdq_width=640,
    metadata={"make": "Canon", "model": "EOS", "serial": "123", "taken_text": "2020:05:04 12:00:00",
              "taken_at": "2020-05-04T10:00:00+00:00", "taken_zone": "offset", "latitude": 51.5, "longitude": -0.125,
              "more": {"Lens": "50 mm"}},
    embedded=(jail.Slice("motion-photo.mp4", 600, 400),),
    keyframes=(jail.Keyframe(0, True, b"RIFF0", b"12345", bytes(32), 70), jail.Keyframe(8000, False, b"RIFF1", b"678")),
)  # fmt: skip


@pytest.fixture
def contents(case: Case) -> list[Content]:
    return pictures(case, case.lead, [f"film-{number}" for number in range(6)])


def store(*found: tuple[Content, Preview]) -> int:
    """Store as if the contents were waiting; returns how many statements it took."""
    Content.objects.filter(pk__in=[content.pk for content, _ in found]).update(preview="pending")
    with transaction.atomic(), statements.sent() as told:
        findings.store([Finding.of(content.pk, preview) for content, preview in found])
    return len([sql for sql in told if "SAVEPOINT" not in sql])


def test_of_a_film_everything_that_was_found_is_kept(contents: list[Content]) -> None:
    store((contents[0], FILM))
    kept = Content.objects.get(pk=contents[0].pk)
    assert (kept.codec, kept.frames, kept.duration_ms) == ("h264", 225, 9000)
    assert (bytes(kept.pdq or b""), kept.pdq_quality, kept.pdq_width) == (bytes(32), 88, 640)
    assert kept.embedded == [{"name": "motion-photo.mp4", "offset": 600, "length": 400}]
    said = Metadata.objects.get(content=kept)
    assert (said.make, said.model, said.serial, said.software) == ("Canon", "EOS", "123", "")
    assert (said.taken_text, said.taken_zone, said.taken_at and said.taken_at.isoformat()) == (
        "2020:05:04 12:00:00", "offset", "2020-05-04T10:00:00+00:00",
    )  # fmt: skip
    assert (said.latitude, said.longitude, said.more) == (51.5, -0.125, {"Lens": "50 mm"})
    frames = Keyframe.objects.filter(content=kept).order_by("number")
    assert [(f.at_ms, f.scene, bytes(f.veil), f.offset, f.length, f.pdq_quality) for f in frames] == [
        (0, True, b"RIFF0", 0, 5, 70), (8000, False, b"RIFF1", 5, 3, 0),
    ]  # fmt: skip


def test_of_a_picture_that_says_nothing_of_itself_costs_one_statement(contents: list[Content]) -> None:
    assert store(*((content, PLAIN) for content in contents)) == 1
    assert not Metadata.objects.exists()
    assert Content.objects.get(pk=contents[0].pk).pdq_quality is None


def test_of_many_films_take_as_many_statements_as_one(contents: list[Content]) -> None:
    assert store((contents[0], FILM)) == 3
    assert store(*((content, FILM) for content in contents)) == 5
    assert Keyframe.objects.count() == 12


def test_of_a_film_found_again_the_old_frames_and_metadata_are_replaced(contents: list[Content]) -> None:
    store((contents[0], FILM))
    store((contents[0], replace(FILM, keyframes=FILM.keyframes[:1], metadata={"make": "Nikon"})))
    assert (Keyframe.objects.count(), Metadata.objects.get().make, Metadata.objects.get().latitude) == (
        1,
        "Nikon",
        None,
    )
    store((contents[0], PLAIN))
    assert not Keyframe.objects.exists()
    assert not Metadata.objects.exists()


def test_of_a_content_that_somebody_else_finished_nothing_changes(contents: list[Content]) -> None:
    store((contents[0], FILM))
    findings.store([Finding.of(contents[0].pk, PLAIN)])
    assert Content.objects.get(pk=contents[0].pk).codec == "h264"
    assert (Keyframe.objects.count(), Metadata.objects.count()) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_of_a_film_taken_in_every_frame_can_be_shown(case: Case, tmp_path: Path) -> None:
    shades = [Image.new("RGB", (96, 64), (shade, 80, 255 - shade)) for shade in (0, 90, 180)]
    film = clip([shade for shade in shades for _ in range(10)])
    take_in(case, tree(tmp_path, {"film.mp4": film, "still.png": picture(1)}))
    content = Content.objects.get(kind="video")
    assert (content.frames, content.codec, content.preview) == (30, "mpeg4", "made")
    frames = [
        storage.storyboard(case.agency, bytes(content.sha256), frame.offset, frame.length)
        for frame in content.keyframes.order_by("number")
    ]
    assert [frame[:3] if frame else None for frame in frames] == [b"\xff\xd8\xff"] * 3
    Content.objects.filter(pk=content.pk).update(preview="pending", preview_lease=None)
    tasks.make_previews(case.agency_id)
    assert content.keyframes.count() == 3
