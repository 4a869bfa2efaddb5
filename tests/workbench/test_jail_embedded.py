"""Media inside media: reported where it is evidence of its own, and only where it lies as it is."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from tests.shared_data import shared
from tests.workbench.jail_samples import clip, encoded, landscape, preview_file, preview_of, shown
from workbench.jail import Decoder, Preview

FILM = clip([landscape(96, 64)] * 10)
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {}/></x:xmpmeta>'


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def cut_out(data: bytes, answer: Preview) -> dict[str, bytes]:
    return {one.name: data[one.offset : one.offset + one.length] for one in answer.embedded}


def with_thumbnail(picture: Image.Image, thumbnail: Image.Image) -> bytes:
    """A JPEG whose EXIF holds a thumbnail; written as bytes, since Pillow writes none."""
    small = encoded(thumbnail, "JPEG")
    entries = [(513, 4, 1, 44), (514, 4, 1, len(small))]
    directory = b"\0\2" + b"".join(
        tag.to_bytes(2, "big") + kind.to_bytes(2, "big") + count.to_bytes(4, "big") + value.to_bytes(4, "big")
        for tag, kind, count, value in entries
    )
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\x0e" + directory + b"\0\0\0\0" + small
    return encoded(picture, "JPEG", exif=exif)


@pytest.mark.parametrize(
    "attributes",
    [
        'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{}"',
        'Item:Semantic="MotionPhoto" Item:Mime="video/mp4" Item:Length="{}"',
        'Item:Length="{}" Item:Semantic="MotionPhoto"',
    ],
)
def test_the_film_of_a_motion_photo_is_found_whole(decoder: Decoder, attributes: str) -> None:
    packet = XMP.format(attributes.format(len(FILM))).encode()
    data = encoded(landscape(), "JPEG", xmp=packet) + FILM
    assert cut_out(data, preview_of(decoder, data)) == {"motion-photo.mp4": FILM}


def test_a_film_behind_a_samsung_marker_is_found_without_what_follows_it(decoder: Decoder) -> None:
    data = (
        encoded(landscape(), "JPEG") + b"\0\0\x30\x0aMotionPhoto_Data" + FILM + b"SEFH\x6a\0\0\0" + b"\0" * 20 + b"SEFT"
    )
    assert cut_out(data, preview_of(decoder, data)) == {"motion-photo.mp4": FILM}


@pytest.mark.parametrize("length", [0, 5, len(FILM) + 1, 10**11])
def test_a_place_that_holds_no_film_is_not_reported(decoder: Decoder, length: int) -> None:
    packet = XMP.format(f'GCamera:MicroVideoOffset="{length}"').encode()
    answer = preview_of(decoder, encoded(landscape(), "JPEG", xmp=packet) + FILM)
    assert (answer.state, answer.embedded) == ("made", ())


def test_every_further_picture_of_an_mpo_is_found(decoder: Decoder) -> None:
    pictures = [landscape(96, 64).rotate(90 * turn) for turn in range(3)]
    stream = io.BytesIO()
    pictures[0].save(stream, "MPO", save_all=True, append_images=pictures[1:])
    data = stream.getvalue()
    parts = cut_out(data, preview_of(decoder, data))
    assert list(parts) == ["mpo-2.jpg", "mpo-3.jpg"]
    assert [shown(part).size for part in parts.values()] == [(96, 64), (96, 64)]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("formats/jpeg/sugarshack.mpo", ["mpo-2.jpg"]),
        ("formats/jpeg/frozenpond.mpo", ["mpo-2.jpg"]),
        ("formats/motion-photo/pixel-motion-photo-shortened.jpg", ["motion-photo.mp4"]),
        # its still was replaced when it was shortened, so its thumbnail shows another picture
        ("formats/motion-photo/ss-motion-photo-shortened.jpg", ["motion-photo.mp4", "exif-thumbnail.jpg"]),
        ("broken/pillow/broken_exif_dpi.jpg", ["exif-thumbnail.jpg"]),
        ("formats/exif/Canon.jpg", []),
    ],
)
def test_of_the_test_data_every_medium_inside_is_a_medium_by_itself(
    decoder: Decoder, path: str, names: list[str]
) -> None:
    file = shared("media") / path
    data = file.read_bytes()
    parts = cut_out(data, preview_file(decoder, file))
    assert list(parts) == names
    for name, part in parts.items():
        inside = preview_of(decoder, part)
        assert inside.kind == ("video" if name.endswith("mp4") else "still"), name
        assert inside.width > 0, name  # the shortened films hold no frame any more


SEA = Image.linear_gradient("L").rotate(90).resize((160, 107)).convert("RGB")


@pytest.mark.parametrize(
    ("thumbnail", "names"),
    [
        (landscape(160, 107), []),
        # the same picture with bars, as cameras write it
        (Image.new("RGB", (160, 120)), None),
        (SEA, ["exif-thumbnail.jpg"]),
        # one colour tells nothing
        (Image.new("RGB", (160, 107), (90, 90, 90)), []),
    ],
)
def test_a_thumbnail_is_a_medium_only_where_it_shows_another_picture(
    decoder: Decoder, thumbnail: Image.Image, names: Any
) -> None:
    if names is None:
        thumbnail.paste(landscape(160, 107), (0, 6))
    data = with_thumbnail(landscape(960, 640), thumbnail)
    assert list(cut_out(data, preview_of(decoder, data))) == (names or [])
