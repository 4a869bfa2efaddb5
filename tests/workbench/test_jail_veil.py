"""A veil shows composition and nothing finer, equally for every size and shape of picture."""

import io
import random

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from tests.workbench.jail_samples import landscape
from workbench.jail import shrink


def veil_of(picture: Image.Image) -> Image.Image:
    return Image.open(io.BytesIO(shrink.veil(picture))).convert("L")


def noise(seed: int, size: tuple[int, int] = (640, 480), cell: int = 1) -> Image.Image:
    """Black and white at random, one value a cell: all detail, no composition."""
    cells = random.Random(seed).randbytes((size[0] // cell) * (size[1] // cell))
    picture = Image.frombytes("L", (size[0] // cell, size[1] // cell), cells).point(lambda v: 255 * (v > 127))
    return picture.resize(size, Image.Resampling.NEAREST).convert("RGB")


def page(words: str) -> Image.Image:
    """Sixteen lines of writing as a small scan or a screen shot has them."""
    picture = Image.new("RGB", (640, 480), "white")
    ImageDraw.Draw(picture).multiline_text((10, 10), "\n".join([words] * 16), fill="black", font_size=24)
    return picture


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(max(ImageStat.Stat(ImageChops.difference(one, other)).extrema[0]))


def detail(picture: Image.Image) -> float:
    """How much of a 64 x 48 picture is finer than 16 x 12 cells can tell: root mean square, of 255."""
    cells = picture.resize((16, 12), Image.Resampling.BOX)
    return float(
        ImageStat.Stat(ImageChops.difference(picture, cells.resize((64, 48), Image.Resampling.BICUBIC))).rms[0]
    )


def test_a_veil_is_grey_64_by_48_and_about_200_bytes() -> None:
    for picture in (landscape(640, 480), noise(1, cell=32), page("winnow")):
        veil = Image.open(io.BytesIO(shrink.veil(picture)))
        assert (veil.format, veil.size) == ("WEBP", (64, 48))
        assert max(ImageStat.Stat(ImageChops.difference(*veil.convert("RGB").split()[:2])).mean) < 1
        assert len(shrink.veil(picture)) < 450


def test_two_pages_with_other_words_have_nearly_the_same_veil() -> None:
    one, other = veil_of(page("the quick brown fox jumps")), veil_of(page("six big devils from japan"))
    assert (
        difference(page("the quick brown fox jumps").convert("L"), page("six big devils from japan").convert("L"))
        == 255
    )
    assert difference(one, other) < 48


@pytest.mark.parametrize("cell", [1, 2, 4, 8])
def test_detail_finer_than_a_fortieth_of_the_width_vanishes(cell: int) -> None:
    plain = noise(7, cell=cell).convert("L").resize((64, 48), Image.Resampling.BOX)
    assert detail(veil_of(noise(7, cell=cell))) < 5 < detail(plain)


def test_the_veil_is_as_strong_for_a_small_picture_as_for_a_large_one() -> None:
    pattern = noise(3, (64, 48), 1)
    small, large = veil_of(pattern), veil_of(pattern.resize((640, 480), Image.Resampling.NEAREST))
    assert difference(small, large) < 24


def test_pictures_that_agree_in_16_by_12_cells_have_one_veil_whatever_their_detail() -> None:
    picture = noise(5, (640, 480), 4)
    cells = picture.resize((16, 12), Image.Resampling.BOX).resize((640, 480), Image.Resampling.NEAREST)
    assert difference(picture.convert("L"), cells.convert("L")) > 120
    assert difference(veil_of(picture), veil_of(cells)) < 20


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (640, 100), (100, 640), (1, 1), (3, 640)])
def test_the_whole_picture_lies_in_the_middle_of_every_veil(size: tuple[int, int]) -> None:
    veil = veil_of(Image.new("RGB", size, "white"))
    assert veil.size == (64, 48)
    middle = veil.getpixel((32, 24))
    assert isinstance(middle, (int, float))
    assert middle > 150
    if size[0] < size[1]:
        assert abs(float(veil.getpixel((2, 24))) - 128) < 12  # type: ignore[arg-type]
