"""The stills that tell a film: scenes, places, how many, and how far a damaged film goes."""

import os
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from tests.shared_data import shared
from tests.workbench.jail_samples import clip, landscape, preview_file, preview_of, shown
from workbench.jail import Decoder
from workbench.perceptual import distance

HILL, SEA, DUSK = (
    landscape(96, 64),
    Image.new("RGB", (96, 64), (20, 60, 220)),
    Image.new("RGB", (96, 64), (250, 200, 90)),
)
SHADES = [Image.new("L", (96, 64), 40 + 90 * (number % 3)).convert("RGB") for number in range(400)]


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def test_each_scene_is_told_by_one_frame_at_its_time(decoder: Decoder) -> None:
    answer = preview_of(decoder, clip([HILL] * 10 + [SEA] * 10 + [DUSK] * 10))
    assert [(frame.at_ms, frame.scene) for frame in answer.keyframes] == [(0, True), (2000, True), (4000, True)]
    sea = shown(answer.keyframes[1].clear).getpixel((48, 32))
    assert isinstance(sea, tuple)
    assert sea[2] > 180 > sea[0]


def test_a_film_in_which_nothing_happens_is_one_frame(decoder: Decoder) -> None:
    assert len(preview_of(decoder, clip([HILL] * 300)).keyframes) == 1


def test_a_slow_scene_is_told_every_eight_seconds(decoder: Decoder) -> None:
    slow = [Image.new("L", (96, 64), 20 + number // 2).convert("RGB") for number in range(200)]
    frames = preview_of(decoder, clip(slow)).keyframes
    assert all(8000 <= later.at_ms - frame.at_ms < 9500 for frame, later in pairwise(frames))
    assert [frame.scene for frame in frames] == [True, False, False, False, False]


def test_a_film_with_one_keyframe_is_told_by_other_frames(decoder: Decoder) -> None:
    frames = preview_of(decoder, clip([HILL] * 50 + [SEA] * 50 + [DUSK] * 50, gop=600)).keyframes
    assert [frame.at_ms for frame in frames] == [0, 10_000, 20_000]


def test_of_a_long_film_only_as_many_keyframes_are_decoded_as_are_needed(decoder: Decoder) -> None:
    """SHADES, one every ten seconds and all of them keyframes: every second one is enough for 240 frames."""
    answer = preview_of(decoder, clip(SHADES, rate=Fraction(1, 10), gop=1))
    assert (answer.frames, answer.duration_ms) == (400, 4_000_000)
    assert {frame.at_ms % 20_000 for frame in answer.keyframes} == {0}


def test_a_frame_is_small_and_holds_nothing_but_its_picture(decoder: Decoder) -> None:
    [frame] = preview_of(decoder, clip([landscape(960, 640)] * 3)).keyframes
    picture = shown(frame.clear)
    assert (picture.format, picture.size) == ("JPEG", (320, 214))
    assert not picture.info.keys() & {"exif", "icc_profile", "comment"}
    assert shown(frame.veil).size == (64, 48)


def test_a_film_of_cuts_is_told_by_at_most_240_frames_over_its_length(decoder: Decoder) -> None:
    answer = preview_of(decoder, clip(SHADES, rate=1, gop=1))
    assert 100 < len(answer.keyframes) <= 240
    assert answer.keyframes[-1].at_ms > 390_000


def test_of_a_film_too_large_to_read_whole_places_all_over_it_are_looked_at(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    data = clip(SHADES, rate=1)
    padding = 300 << 20
    path.write_bytes(data + padding.to_bytes(4, "big") + b"free")
    os.truncate(path, len(data) + padding)
    began = time.monotonic()
    with path.open("rb") as file:
        answer = decoder.preview(file.fileno(), size=path.stat().st_size)
    assert time.monotonic() - began < 10
    assert (answer.state, answer.frames) == ("made", 400)
    assert len(answer.keyframes) >= 40
    assert answer.keyframes[-1].at_ms > 380_000


def test_keyframes_carry_the_pdq_that_is_published_for_their_film(decoder: Decoder) -> None:
    """vPDQ: at least four of five frames of a film within 31 bits of the published frame of the same time."""
    folder = shared("media") / "pdq/vpdq"
    for path in sorted(folder.glob("*.mp4")):
        published = {}
        for line in (folder / "hashes" / f"{path.stem}.txt").read_text().split():
            _number, quality, value, seconds = line.split(",")
            published[round(float(seconds) * 1000)] = (int(quality), bytes.fromhex(value))
        frames = [frame for frame in preview_file(decoder, path).keyframes if frame.pdq]
        near = 0
        for frame in frames:
            moment = min(published, key=lambda at, frame=frame: abs(at - frame.at_ms))  # type: ignore[misc]
            near += abs(moment - frame.at_ms) <= 34 and distance(published[moment][1], frame.pdq) <= 31
        assert frames, path.name
        assert near >= 0.8 * len(frames), path.name


def test_a_flat_frame_has_no_pdq(decoder: Decoder) -> None:
    [frame] = preview_of(decoder, clip([SEA] * 5)).keyframes
    assert (frame.pdq, frame.pdq_quality) == (b"", 0)


@pytest.mark.parametrize("name", ["avi", "matroska"])
def test_of_a_film_cut_in_the_middle_the_frames_before_the_cut_are_told(decoder: Decoder, name: str) -> None:
    whole = clip([HILL] * 20 + [SEA] * 20 + [landscape(96, 64).rotate(9 * turn) for turn in range(60)], name=name)
    answer = preview_of(decoder, whole[: len(whole) * 2 // 3])
    assert (answer.state, answer.reason) == ("partial", "truncated")
    assert [frame.at_ms for frame in answer.keyframes][:2] == [0, 4000]
    assert 0 < answer.frames < 100
