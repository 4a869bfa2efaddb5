"""What the jail makes of still pictures made here; those of other people are in test_jail_formats."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.workbench.jail_samples import dng, encoded, landscape, png_claiming, preview_of, shown
from workbench.jail import Decoder


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


FORMATS = [
    "JPEG",
    "PNG",
    "GIF",
    "WEBP",
    "TIFF",
    "BMP",
    "AVIF",
    "JPEG2000",
    "ICO",
    "TGA",
    "PPM",
    "PCX",
    "SGI",
    "DDS",
    "MPO",
    "JXL",
    "HEIF",
]


@pytest.mark.parametrize("name", FORMATS)
def test_each_plain_format_is_shown(decoder: Decoder, name: str) -> None:
    options = {"sizes": [(64, 48)]} if name == "ICO" else {}
    answer = preview_of(decoder, encoded(landscape(64, 48), name, **options))
    assert (answer.kind, answer.state, answer.reason, answer.width, answer.height) == ("still", "made", "", 64, 48)
    sun, field = shown(answer.clear).getpixel((10, 8)), shown(answer.clear).getpixel((50, 40))
    assert isinstance(sun, tuple)
    assert isinstance(field, tuple)
    assert sun[0] > 200
    assert sun[2] < 120
    assert max(field) - min(field) < 24


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_phone_held_in_any_way_is_shown_upright(decoder: Decoder, orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # members of Image.Transpose that make the stored picture
    stored = landscape(120, 80)
    if orientation > 1:
        stored = stored.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    answer = preview_of(decoder, encoded(stored, "JPEG", exif=exif, quality=95))
    assert (answer.width, answer.height) == (120, 80)
    difference = ImageChops.difference(shown(answer.clear), landscape(120, 80))
    assert max(ImageStat.Stat(difference).mean) < 4


def test_the_preview_is_small_rgb_and_says_nothing_about_its_origin(decoder: Decoder) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description that must not travel"
    answer = preview_of(decoder, encoded(landscape(2000, 1000), "JPEG", exif=exif, comment=b"nor this remark"))
    picture = shown(answer.clear)
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (640, 320))
    assert b"must not travel" not in answer.clear
    assert b"remark" not in answer.clear
    assert not picture.getexif()
    assert (answer.width, answer.height) == (2000, 1000)


def test_a_small_picture_is_never_enlarged(decoder: Decoder) -> None:
    assert shown(preview_of(decoder, encoded(landscape(40, 30), "PNG")).clear).size == (40, 30)


@pytest.mark.parametrize("size", [(1, 1), (40, 1), (1, 5000), (20000, 3)])
def test_extreme_shapes_are_shown(decoder: Decoder, size: tuple[int, int]) -> None:
    answer = preview_of(decoder, encoded(landscape(*size), "PNG"))
    assert (answer.state, answer.width, answer.height) == ("made", *size)


def test_transparency_lies_over_neutral_grey(decoder: Decoder) -> None:
    picture = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (0, 0, 16, 32))
    clear = shown(preview_of(decoder, encoded(picture, "PNG")).clear)
    assert near(clear, (28, 16), (128, 128, 128))
    assert near(clear, (3, 16), (0, 0, 255))


def test_what_is_hidden_by_making_all_of_it_transparent_is_shown(decoder: Decoder) -> None:
    hidden = landscape(64, 48).convert("RGBA")
    hidden.putalpha(0)
    clear = shown(preview_of(decoder, encoded(hidden, "PNG")).clear)
    assert near(clear, (10, 8), (255, 220, 40))


@pytest.mark.parametrize("stored", ["1/PNG", "P/PNG", "L/PNG", "LA/PNG", "CMYK/JPEG", "CMYK/TIFF", "F/TIFF"])
def test_every_colour_mode_comes_out_as_it_looks(decoder: Decoder, stored: str) -> None:
    mode, name = stored.split("/")
    grey = Image.linear_gradient("L").resize((64, 64)).convert("RGB")
    answer = preview_of(decoder, encoded(grey.convert("L").convert(mode) if mode in "1F" else grey.convert(mode), name))
    top, bottom = (grey_of(shown(answer.clear).crop((0, y, 64, y + 8))) for y in (0, 56))
    assert top < 40
    assert bottom > 215


def test_sixteen_bits_of_grey_are_not_clipped_to_white(decoder: Decoder) -> None:
    deep = Image.linear_gradient("L").resize((64, 64)).convert("I").point(lambda value: value * 257).convert("I;16")
    answer = preview_of(decoder, encoded(deep, "PNG"))
    assert abs(grey_of(shown(answer.clear)) - 127) < 6


def test_a_truncated_picture_is_shown_as_far_as_it_goes_and_marked(decoder: Decoder) -> None:
    whole = encoded(landscape(400, 300), "JPEG", quality=95)
    answer = preview_of(decoder, whole[: len(whole) // 2])
    assert (answer.state, answer.reason, answer.width) == ("partial", "truncated", 400)
    assert near(shown(answer.clear), (60, 50), (255, 220, 40))
    assert preview_of(decoder, whole).state == "made"  # tolerance is over with the damaged file


def test_a_picture_of_which_nothing_could_be_decoded_is_not_passed_off_as_part_of_it(decoder: Decoder) -> None:
    whole = encoded(landscape(400, 300), "PNG")
    answer = preview_of(decoder, whole[: whole.index(b"IDAT") + 8])
    assert (answer.state, answer.reason, answer.clear) == ("none", "undecodable", b"")


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"", "other", "not-media"),
        (b"just a text\n", "other", "not-media"),
        (b"%PDF-1.4\n", "other", "not-media"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "other", "not-media"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "still", "unsupported-format"),
        (b"\xff\xd8\xff\xe0 and then nothing of a picture", "still", "undecodable"),
        (b"\x89PNG\r\n\x1a\n", "still", "undecodable"),
    ],
)
def test_what_cannot_be_shown_says_why(decoder: Decoder, data: bytes, kind: str, reason: str) -> None:
    answer = preview_of(decoder, data)
    assert (answer.kind, answer.state, answer.reason) == (kind, "none", reason)
    assert (answer.veil, answer.clear) == (b"", b"")


def test_more_than_256_megapixels_are_named_and_not_decoded(decoder: Decoder) -> None:
    answer = preview_of(decoder, png_claiming(50_000, 50_000))
    assert (answer.state, answer.reason, answer.width, answer.height) == ("none", "too-many-pixels", 50_000, 50_000)
    assert preview_of(decoder, png_claiming(16_001, 16_000)).reason == "too-many-pixels"


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "name"), [("L", "JPEG"), ("P", "PNG")])
def test_a_picture_of_200_megapixels_is_shown(decoder: Decoder, mode: str, name: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    large = Image.linear_gradient("L").resize((16_320, 12_240), Image.Resampling.NEAREST).convert(mode)
    answer = preview_of(decoder, encoded(large, name, compress_level=1))
    assert (answer.state, answer.reason, answer.width, answer.height) == ("made", "", 16_320, 12_240)


def test_frames_and_pages_are_counted_up_to_a_thousand(decoder: Decoder) -> None:
    for name, count, expected in (("GIF", 3, 3), ("GIF", 1500, 1000), ("TIFF", 4, 4), ("WEBP", 3, 3), ("PNG", 5, 5)):
        first, *others = [Image.new("RGB", (8, 8), (page * 60 % 256, page % 256, 0)) for page in range(count)]
        data = encoded(first, name, save_all=True, append_images=others)
        assert preview_of(decoder, data).frames == expected, name


def near(picture: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = picture.getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(a - b) <= 16 for a, b in zip(found, colour, strict=True))


def grey_of(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture.convert("L")).mean[0])


def test_the_veil_comes_with_every_preview(decoder: Decoder) -> None:
    answer = preview_of(decoder, encoded(landscape(800, 600), "JPEG"))
    veil = Image.open(io.BytesIO(answer.veil))
    assert (veil.format, veil.size) == ("WEBP", (64, 48))
    assert len(answer.veil) < 400


def test_a_raw_file_is_shown_by_the_picture_that_the_camera_has_put_in(decoder: Decoder) -> None:
    answer = preview_of(decoder, dng(960, 640, picture=encoded(landscape(960, 640), "JPEG")))
    assert (answer.state, answer.reason, answer.width, answer.height) == ("made", "", 960, 640)
    assert near(shown(answer.clear), (100, 70), (255, 220, 40))
    assert len(answer.pdq) == 32


@pytest.mark.parametrize(("orientation", "size"), [(1, (960, 640)), (6, (640, 960))])
def test_the_exposure_of_a_raw_file_is_developed_where_the_picture_inside_is_small(
    decoder: Decoder, orientation: int, size: tuple[int, int]
) -> None:
    data = dng(960, 640, orientation=orientation, picture=encoded(Image.new("RGB", (96, 64)), "JPEG"))
    answer = preview_of(decoder, data)
    assert (answer.state, answer.reason, (answer.width, answer.height)) == ("made", "", size)
    upper, lower = shown(answer.clear).crop((0, 0, 20, 20)), shown(answer.clear).crop((0, 300, 20, 320))
    assert grey_of(upper) > grey_of(lower) + 60 or orientation == 6


def test_a_raw_file_without_its_exposure_is_a_partial_preview_and_has_no_hash(decoder: Decoder) -> None:
    whole = dng(2400, 1600, picture=encoded(landscape(96, 64), "JPEG"))
    answer = preview_of(decoder, whole[: len(whole) // 50])
    assert (answer.state, answer.reason, answer.width) == ("partial", "embedded-preview", 2400)
    assert (answer.pdq, answer.pdq_width) == (b"", 0)


@pytest.mark.parametrize("inside", ["JPEG", "PNG"])
def test_a_bitmap_made_for_a_printer_is_shown_by_what_it_wraps(decoder: Decoder, inside: str) -> None:
    header = bytearray(encoded(landscape(64, 48), "BMP")[:54])
    header[30] = {"JPEG": 4, "PNG": 5}[inside]
    answer = preview_of(decoder, bytes(header) + encoded(landscape(64, 48), inside))
    assert (answer.state, answer.mime, answer.width, answer.height) == ("made", "image/bmp", 64, 48)


def test_a_jpeg_xl_that_claims_more_than_256_megapixels_is_named_and_not_decoded(decoder: Decoder) -> None:
    sides = (3 << 1) | (19_999 << 3) | (1 << 33)  # not small, 30 bits of height, and as wide as high
    answer = preview_of(decoder, b"\xff\x0a" + sides.to_bytes(8, "little") + bytes(64))
    assert (answer.reason, answer.width, answer.height) == ("too-many-pixels", 20_000, 20_000)


def test_the_hash_does_not_depend_on_the_transparency_above_the_colours(decoder: Decoder) -> None:
    picture = Image.radial_gradient("L").resize((1600, 1200)).convert("RGB")
    veiled = picture.convert("RGBA")
    veiled.putalpha(Image.linear_gradient("L").resize((1600, 1200)))
    plain, seen = (preview_of(decoder, encoded(one, "PNG", compress_level=1)) for one in (picture, veiled))
    assert plain.pdq == seen.pdq
    assert plain.clear != seen.clear
