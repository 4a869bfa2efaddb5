"""What the jail makes of other people's stills, held against what other tools say of them (expected.json)."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.shared_data import shared
from tests.workbench.jail_samples import preview_file, shown
from workbench.jail import Decoder, Preview
from workbench.perceptual import distance

# Not shown in full, and why.
REASONS = {
    "formats/exif/XMP.svg": "unsupported-format",  # drawings are never rendered
    "formats/same-picture/hibiscus-primitive/hibiscus.primitive.svg": "unsupported-format",
    "formats/other/drawing.emf": "unsupported-format",
    "formats/other/drawing.wmf": "unsupported-format",
    "formats/avif/plum-blossom-small.profile0.8bpc.yuv420.alpha-full.avif": "undecodable",  # libavif's strict mode
    "formats/heic/jpeg32.heif": "undecodable",  # JPEG inside HEIF: not among libheif's decoders
    "formats/jpeg/monkey12.jpg": "undecodable",  # twelve bits a sample
    "formats/raw/CanonRaw.cr2": "undecodable",  # samples for metadata tools: the exposure is cut out of all of these
    "formats/raw/CanonRaw.cr3": "undecodable",
    "formats/raw/CanonRaw.crw": "undecodable",
    "formats/raw/DNG.dng": "embedded-preview",
    "formats/raw/FujiFilm.raf": "embedded-preview",
    "formats/raw/Nikon.nef": "embedded-preview",
    "formats/raw/Panasonic.rw2": "embedded-preview",
}
# Sizes that differ, and why.
SIZES = {
    "formats/other/python.ico": (48, 48),  # the largest of an icon's pictures, not the first
    "formats/other/testICNS_basic.icns": (512, 512),  # not stated at all
    "formats/raw/colorchart.dng": (1734, 1156),  # the exposure; 1888 x 1182 are all cells of the sensor
}
# Frames that differ from ImageMagick's count, and why.
FRAMES = {
    "formats/animated/animated-red-blue.apng": 4,  # it takes an animated PNG or AVIF for one picture
    "formats/animated/iss634.apng": 41,
    "formats/animated/colors-animated-8bpc.avif": 5,
    "formats/animated/colors-animated-8bpc-alpha-exif-xmp.avif": 5,
    "formats/heic/example.heic": 2,  # it counts the primary picture only; libvips 2 and 3
    "formats/heic/zPug_3.heic": 3,
    "formats/jpeg/frozenpond.mpo": 2,  # it sees the first of the pictures
    "formats/jpeg/sugarshack.mpo": 2,
    "formats/other/hopper.psd": 2,  # layers, without the composite that is shown
    "formats/other/python.ico": 1,  # sizes of one picture
}
# Members of a group of one picture that lie further than 31 bits from it, and why.
APART = {
    "pdq/images/dih/bridge-2-rotate-90.jpg": "turned in its pixels, not by EXIF",
    "pdq/images/dih/bridge-3-rotate-180.jpg": "the same",
    "pdq/images/dih/bridge-5-flipx.jpg": "mirrored in its pixels",
    "formats/other/hopper.ico": "16 pixels a side",
    "formats/bmp/rgba32.bmp": "other colours behind its transparency, which PDQ ignores",
}


@cache
def expected() -> Any:
    return json.loads((shared("media") / "expected.json").read_text(encoding="utf-8"))


def known_stills(*folders: str) -> dict[str, dict[str, Any]]:
    files = expected()["files"]
    return {path: known for path, known in files.items() if path.startswith(folders) and known["kind"] == "image"}


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, Preview]]:
    """Every still that is not meant to be broken, decoded once."""
    root = shared("media")
    with Decoder() as decoder:
        yield {
            path: preview_file(decoder, root / path) for path in known_stills("formats/", "orientation/", "pdq/images/")
        }


def test_every_still_is_shown_upright_in_its_size_or_says_why_not(answers: dict[str, Preview]) -> None:
    wrong: dict[str, object] = {}
    for path, known in known_stills("formats/", "orientation/", "pdq/images/").items():
        answer, reason = answers[path], REASONS.get(path, "")
        stated = tuple(known.get(f"display_{side}", known.get(side)) for side in ("width", "height"))
        sized = reason or (answer.width, answer.height) == SIZES.get(path, stated)
        if answer.kind != "still" or answer.reason != reason or not sized:
            wrong[path] = (answer.kind, answer.state, answer.reason, answer.width, answer.height)
    assert not wrong


def test_frames_are_counted_as_other_tools_count_them(answers: dict[str, Preview]) -> None:
    wrong = {}
    for path, known in known_stills("formats/", "orientation/").items():
        stated = FRAMES.get(path, known.get("identify", {}).get("frames"))
        if path not in REASONS and stated and answers[path].frames != stated:
            wrong[path] = (answers[path].frames, stated)
    assert not wrong


def test_hashes_of_shown_pictures_are_within_ten_bits_of_the_published(answers: dict[str, Preview]) -> None:
    far = {}
    for path, known in known_stills("pdq/images/").items():
        answer = answers[path]
        nearest = [distance(answer.pdq, bytes.fromhex(one["hash"])) for one in known.get("pdq_reference", [])]
        if path == "pdq/images/formats/I16.png":
            continue  # the reference cuts 16 bits at 255, quality 36, and so has no hash of the picture that it shows
        if nearest and answer.pdq_quality >= 80 and min(nearest) > 10:
            far[path] = min(nearest)
    assert not far


def test_a_hash_is_kept_with_its_width_and_only_from_quality_50_on(answers: dict[str, Preview]) -> None:
    for path, answer in answers.items():
        if answer.state == "made":
            assert bool(answer.pdq) == (answer.pdq_quality >= 50), path
            assert 0 < answer.pdq_width <= answer.width, path
        else:
            assert (answer.pdq, answer.pdq_quality, answer.pdq_width) == (b"", 0, 0), path


def test_one_picture_in_many_formats_and_orientations_has_near_hashes(answers: dict[str, Preview]) -> None:
    far = {}
    for name, members in expected()["groups"]["same_picture"].items():
        hashes = {path: answers[path].pdq for path in members if path in answers and answers[path].pdq}
        first = next(iter(hashes.values()), b"")
        for path, value in hashes.items():
            if distance(first, value) > 31 and path not in APART:
                far[path] = (name, distance(first, value))
    assert not far


def test_every_still_shrinks_to_its_own_shape(answers: dict[str, Preview]) -> None:
    for path, answer in answers.items():
        if answer.clear and path not in REASONS:
            picture, longest = shown(answer.clear), max(answer.width, answer.height)
            expected_size = [round(side * min(640, longest) / longest) for side in (answer.width, answer.height)]
            assert abs(picture.width - expected_size[0]) <= 1, path
            assert abs(picture.height - expected_size[1]) <= 1, path


SETS_THAT_LOOK_ALIKE = [
    "orientation/avif/*.avif",
    "orientation/jpeg-small/*.jpg",
    "orientation/landscape/*.jpg",
    "orientation/tiff/*.tif",
    "orientation/webp/*.webp",
    "formats/same-picture/hibiscus/*.*",
    "formats/same-picture/harvesters/*.*",
    "formats/same-picture/bricks/*color*.*",
]


@pytest.mark.parametrize("pattern", SETS_THAT_LOOK_ALIKE)
def test_one_picture_in_many_orientations_and_formats_looks_alike(answers: dict[str, Preview], pattern: str) -> None:
    root = shared("media")
    paths = [str(path.relative_to(root)) for path in sorted(root.glob(pattern))]
    first, *others = [small_grey(answers[path].clear) for path in paths]
    assert others
    for path, other in zip(paths[1:], others, strict=True):
        assert ImageStat.Stat(ImageChops.difference(first, other)).mean[0] < 12, path


def small_grey(clear: bytes) -> Image.Image:
    return shown(clear).convert("L").resize((24, 24), Image.Resampling.BOX)


def test_no_broken_file_goes_without_an_answer_and_a_reason() -> None:
    with Decoder() as decoder:
        for path in sorted(shared("media/broken").rglob("*")):
            if path.is_file() and path.name != "SOURCES.md":
                answer = preview_file(decoder, Path(path))
                assert (answer.state == "made") == (answer.reason == ""), path
                assert answer.reason not in ("decoder-killed", "decoder-timeout"), path
