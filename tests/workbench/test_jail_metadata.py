"""What files say of themselves: camera, time, place; read as it stands, doubted throughout."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.shared_data import shared
from tests.workbench.jail_samples import encoded, landscape, preview_file, preview_of
from workbench.jail import Decoder, moments

# Their EXIF is out of reach of Pillow alone.
NOT_OPENED = ("formats/raw/", "formats/heic/", "formats/jxl/")
TEXTS = {"Make": "make", "Model": "model", "DateTimeOriginal": "taken_text"}
PLACES = {"GPSLatitude": "latitude", "GPSLongitude": "longitude"}
IN_XMP = {"formats/jpeg/app13-multiple.jpg"}  # its date is IPTC's


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def with_exif(main: dict[int, Any], detail: dict[int, Any] | None = None, place: dict[int, Any] | None = None) -> bytes:
    exif = Image.Exif()
    exif.update(main)
    exif.get_ifd(0x8769).update(detail or {})
    exif.get_ifd(0x8825).update(place or {})
    return encoded(landscape(), "JPEG", exif=exif)


def test_camera_time_and_place_of_the_test_data_are_those_that_exiftool_reads(decoder: Decoder) -> None:
    root = shared("media")
    wrong, compared = {}, 0
    for path, known in json.loads((root / "expected.json").read_text())["files"].items():
        told = known.get("exiftool", {})
        if not path.startswith("formats/") or path.startswith(NOT_OPENED) or path in IN_XMP:
            continue
        if not told.keys() & {*TEXTS, "GPSLatitude"}:
            continue
        said = preview_file(decoder, root / path).metadata
        expected: dict[str, Any] = {name: str(told[tag]).strip() for tag, name in TEXTS.items() if tag in told}
        if PLACES.keys() <= told.keys():
            expected |= {name: pytest.approx(told[tag], abs=1e-5) for tag, name in PLACES.items()}
        compared += len(expected)
        if expected != {name: said.get(name) for name in expected}:
            wrong[path] = (expected, said)
    assert not wrong
    assert compared > 80


def test_of_phone_films_camera_place_and_zone_are_read(decoder: Decoder) -> None:
    said = preview_file(decoder, shared("media") / "video/sample_with_color_info.mp4").metadata
    assert (said["make"], said["model"], said["taken_text"]) == (
        "Apple",
        "iPhone 12 Pro Max",
        "2021-05-25T09:21:51-0700",
    )
    assert (said["taken_at"], said["taken_zone"]) == ("2021-05-25T16:21:51+00:00", "offset")
    assert (said["latitude"], said["longitude"]) == (37.745, -122.4301)


def test_body_serial_lens_and_what_else_is_text_are_kept(decoder: Decoder) -> None:
    said = preview_of(decoder, with_exif({315: "A. Painter"}, {42033: "0042", 42036: "50 mm"})).metadata
    assert said["serial"] == "0042"
    assert said["more"] == {"Artist": "A. Painter", "LensModel": "50 mm", "Stored size": "64 x 48"}


WRITTEN = {36867: "2020:05:04 12:00:00"}


@pytest.mark.parametrize(
    ("detail", "place", "instant", "zone"),
    [
        (WRITTEN, {}, "2020-05-04T12:00:00+00:00", "none"),
        (WRITTEN | {36881: "+02:00"}, {}, "2020-05-04T10:00:00+00:00", "offset"),
        # satellite time is believed only where it can be the same moment
        (WRITTEN, {29: "2020:05:04", 7: (10.0, 0.0, 3.0)}, "2020-05-04T10:00:03+00:00", "utc"),
        (WRITTEN, {29: "2019:05:04", 7: (10.0, 0.0, 3.0)}, "2020-05-04T12:00:00+00:00", "none"),
    ],
)
def test_a_time_says_how_far_it_is_an_instant(
    decoder: Decoder, detail: dict[int, Any], place: dict[int, Any], instant: str, zone: str
) -> None:
    said = preview_of(decoder, with_exif({}, detail, place)).metadata
    assert (said["taken_text"], said["taken_at"], said["taken_zone"]) == ("2020:05:04 12:00:00", instant, zone)


@pytest.mark.parametrize(
    "text", ["", "0000:00:00 00:00:00", "2020:13:01 00:00:00", "1904-01-01T00:00:00Z", "yesterday"]
)
def test_what_is_no_time_stays_text(text: str) -> None:
    assert moments.instant(text) is None


def test_an_offset_beyond_the_calendar_is_no_time() -> None:
    assert moments.instant("9999:12:31 23:00:00", "-12:00") is None
    assert moments.instant("2020:01:01 00:00:00", "-03:30") == (datetime(2020, 1, 1, 3, 30, tzinfo=UTC), "offset")


@pytest.mark.parametrize(
    "place", [{1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (5.0, 0.0, 0.0)}, {1: "N", 2: (5.0, 0.0, 0.0)}]
)
def test_a_place_that_is_none_or_half_is_left_out(decoder: Decoder, place: dict[int, Any]) -> None:
    said = preview_of(decoder, with_exif({271: "Canon"}, {}, place)).metadata
    assert said.keys() & {"latitude", "longitude"} == set()


def test_names_that_hide_something_are_shown_with_it(decoder: Decoder) -> None:
    said = preview_of(decoder, with_exif({271: "Can\x1b[31mon", 270: "x" * 5000})).metadata
    assert said["make"] == r"Can\x1b[31mon"
    assert len(said["more"]["ImageDescription"]) == 200


def test_texts_and_time_of_a_png_are_read(decoder: Decoder) -> None:
    info = PngInfo()
    info.add_text("Title", "Harbour")
    info.add_text("Software", "Painter 3")
    info.add(b"tIME", b"\x07\xe4\x05\x04\x0c\x1e\x00")
    said = preview_of(decoder, encoded(landscape(), "PNG", pnginfo=info)).metadata
    assert said["software"] == "Painter 3"
    assert said["more"] == {"Title": "Harbour", "Modified": "2020-05-04T12:30:00Z", "Stored size": "64 x 48"}


def test_a_picture_that_says_nothing_has_no_metadata(decoder: Decoder) -> None:
    assert preview_of(decoder, encoded(landscape(), "PNG")).metadata == {}


def test_tags_of_a_film_are_kept(decoder: Decoder) -> None:
    said = preview_file(decoder, shared("media") / "video/nasa_13013.mp4").metadata
    assert said == {"software": "Lavf58.76.100"}


@pytest.mark.parametrize("cut", range(20, 400, 20))
def test_broken_exif_costs_no_picture(decoder: Decoder, cut: int) -> None:
    whole = bytearray(with_exif({271: "Canon"}, WRITTEN | {42036: "50 mm"}, {29: "2020:05:04"}))
    whole[cut : cut + 12] = b"\xff\x7f" * 6
    answer = preview_of(decoder, bytes(whole))
    assert answer.kind in ("still", "other")
