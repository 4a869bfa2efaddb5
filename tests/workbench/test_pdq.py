"""PDQ against the C++ reference's values, against its published hashes, and against its definition."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.shared_data import shared
from tests.workbench.jail_samples import landscape
from workbench.jail import pdq
from workbench.perceptual import distance

ORACLE: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "pdq_oracle.json").read_text(encoding="utf-8")
)["pictures"]


@pytest.mark.parametrize("path", ORACLE)
def test_hash_and_quality_are_those_of_the_reference_to_the_last_bit(path: str) -> None:
    found = fingerprint(Image.open(shared("media") / path).convert("RGB"))
    assert (found.bits.hex(), found.quality) == (ORACLE[path]["hash"], ORACLE[path]["quality"])


def test_published_hashes_are_met_within_ten_bits() -> None:
    root = shared("media")
    files = json.loads((root / "expected.json").read_text(encoding="utf-8"))["files"]
    published = {path: known["pdq_reference"] for path, known in files.items() if known.get("pdq_reference")}
    far = {}
    for path, references in published.items():
        value, quality = pdq.compute(Image.open(root / path).convert("RGB"))
        nearest = min(distance(value, bytes.fromhex(one["hash"])) for one in references)
        if quality >= 80 and nearest > 10:
            far[path] = nearest
    assert len(published) > 15
    assert not far


@pytest.mark.parametrize("size", [(5, 5), (7, 200), (63, 64), (64, 64), (65, 129), (300, 257), (640, 1000)])
def test_the_samples_are_those_of_two_passes_of_the_box_filter(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
    found = pdq.fingerprint(pixels)
    assert found
    wanted = pixels.astype(np.float64)
    if size != (64, 64):
        for _ in range(2):
            wanted = boxed(boxed(wanted).T).T
    down, across = (((np.arange(64) + 0.5) * side / 64).astype(int) for side in size)
    assert np.abs(found.samples - wanted[np.ix_(down, across)]).max() < 0.001


def boxed(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each pixel of a line averaged with its neighbours, as many as there are in a window of 1/128 of the line."""
    length = lines.shape[1]
    window = (length + 127) // 128
    ahead = (window + 2) // 2
    places = [(max(0, at + ahead - window), min(length, at + ahead)) for at in range(length)]
    return np.stack([lines[:, first:end].mean(axis=1) for first, end in places], axis=1)


@pytest.mark.parametrize("path", [path for path in ORACLE if path.endswith(".jpg")])
def test_of_a_jpeg_decoded_at_a_fraction_the_hash_is_nearly_that_of_the_whole(path: str) -> None:
    image = Image.open(shared("media") / path)
    whole = (image.height, image.width)
    image.draft("RGB", (256, 256))
    value, quality = pdq.compute(image.convert("RGB"), whole)
    if quality >= 80:
        assert distance(value, bytes.fromhex(ORACLE[path]["hash"])) <= 2


TURNS = [
    None,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_270,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.TRANSVERSE,
]


@pytest.mark.parametrize("place", range(8))
def test_turned_and_mirrored_pictures_are_foreseen(place: int) -> None:
    picture = Image.open(shared("media/pdq/images/bridge-mods/aaa-orig.jpg"))
    turn = TURNS[place]
    turned = picture.transpose(turn) if turn is not None else picture
    assert distance(fingerprint(picture).dihedral[place], fingerprint(turned).hash) <= 8


def test_grey_and_colour_of_the_same_picture_are_equal() -> None:
    grey = Image.radial_gradient("L").resize((300, 200))
    assert pdq.compute(grey) == pdq.compute(grey.convert("RGB"))


def test_a_flat_picture_has_no_hash() -> None:
    flat = fingerprint(Image.new("RGB", (200, 200), (90, 120, 40)))
    assert (flat.quality, flat.hash, flat.dihedral) == (0, b"", ())


def test_a_picture_of_less_than_five_pixels_a_side_has_no_hash() -> None:
    assert pdq.compute(landscape(4, 300)) == (b"", 0)


def test_distance_counts_the_bits_that_differ() -> None:
    assert distance(bytes(32), bytes(31) + b"\x07") == 3
    assert distance(bytes(32), b"\xff" * 32) == 256


def fingerprint(picture: Image.Image) -> pdq.Fingerprint:
    found = pdq.fingerprint(np.asarray(picture))
    assert found
    return found
