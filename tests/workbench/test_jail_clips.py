"""What the jail makes of films and sound."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageStat

from tests.shared_data import shared
from tests.workbench.jail_samples import clip, landscape, preview_file, preview_of, shown
from workbench.jail import Decoder

# expected.json counts a subtitle track that outlasts the film; picture and sound end at 13.06 s.
DURATIONS_MS = {"video/nasa_13013.mp4": 13056}


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def test_every_clip_of_the_test_data_is_shown_upright_with_size_duration_frames_and_codec(decoder: Decoder) -> None:
    root = shared("media")
    wrong: dict[str, object] = {}
    files = json.loads((root / "expected.json").read_text())["files"]
    for path, known in files.items():
        if not path.startswith("video/") or path == "video/sample_audio_only.mp4":
            continue
        answer = preview_file(decoder, root / path)
        duration = DURATIONS_MS.get(path, known["ffprobe"]["duration_s"] * 1000)
        size = (known["display_width"], known["display_height"])
        if (answer.kind, answer.state) != ("video", "made") or (answer.width, answer.height) != size:
            wrong[path] = (answer.kind, answer.state, answer.reason, answer.width, answer.height)
        elif abs(answer.duration_ms - duration) > 100:
            wrong[path] = (answer.duration_ms, duration)
        elif (answer.frames, answer.codec) != (known["ffprobe"]["video_frames_decoded"], codec_of(known)):
            wrong[path] = (answer.frames, answer.codec)
    assert not wrong


def codec_of(known: dict[str, Any]) -> str:
    """The codec of the first picture track, as ffprobe names it."""
    return next(str(stream["codec"]) for stream in known["ffprobe"]["streams"] if stream["type"] == "video")


def test_sound_without_a_picture_is_audio_with_its_duration(decoder: Decoder) -> None:
    answer = preview_file(decoder, shared("media") / "video/sample_audio_only.mp4")
    assert (answer.kind, answer.state, answer.reason) == ("audio", "none", "no-picture")
    assert abs(answer.duration_ms - 1089) < 100


@pytest.mark.parametrize(
    ("name", "codec"),
    [("mp4", "mpeg4"), ("mov", "mpeg4"), ("matroska", "mpeg4"), ("webm", "libvpx"), ("avi", "mpeg4"), ("flv", "flv1"),
     ("mpegts", "mpeg2video"), ("asf", "wmv2")],
)  # fmt: skip
def test_each_container_gives_a_poster_frame(decoder: Decoder, name: str, codec: str) -> None:
    rate = 25 if codec == "mpeg2video" else 5
    answer = preview_of(decoder, clip([landscape(96, 64)] * 10, name=name, codec=codec, rate=rate))
    assert (answer.kind, answer.state, answer.width, answer.height) == ("video", "made", 96, 64)
    sun = shown(answer.clear).getpixel((14, 12))
    assert isinstance(sun, tuple)
    assert sun[0] > 180
    assert sun[2] < 130


def test_a_film_that_begins_black_is_shown_by_a_later_frame(decoder: Decoder) -> None:
    black = Image.new("RGB", (96, 64))
    answer = preview_of(decoder, clip([black] * 15 + [landscape(96, 64)] * 25))
    assert ImageStat.Stat(shown(answer.clear).convert("L")).stddev[0] > 30
    assert answer.duration_ms == 8000


def test_a_black_film_is_shown_as_it_is(decoder: Decoder) -> None:
    answer = preview_of(decoder, clip([Image.new("RGB", (96, 64))] * 10))
    assert (answer.state, answer.reason) == ("made", "")


@pytest.mark.parametrize("name", ["avi", "matroska"])
def test_a_film_cut_in_the_middle_is_partial(decoder: Decoder, name: str) -> None:
    frames = [landscape(96, 64).rotate(9 * turn) for turn in range(40)]
    whole = clip(frames, name=name)
    answer = preview_of(decoder, whole[: len(whole) * 2 // 3])
    assert (answer.state, answer.reason) == ("partial", "truncated")
    assert preview_of(decoder, whole).state == "made"


def test_a_film_without_its_index_says_that_it_cannot_be_decoded(decoder: Decoder) -> None:
    whole = clip([landscape(96, 64)] * 20)
    answer = preview_of(decoder, whole[: whole.index(b"moov") - 4])
    assert (answer.kind, answer.state, answer.reason) == ("video", "none", "undecodable")


@pytest.mark.parametrize(
    "data",
    [
        b"#EXTM3U\n#EXTINF:10.0,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 9 RTP/AVP 96\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    ],
)
def test_lists_of_other_files_are_no_media(decoder: Decoder, data: bytes) -> None:
    assert preview_of(decoder, data).reason == "not-media"
