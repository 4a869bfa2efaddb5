"""The two pictures made of every still and poster frame: the clear preview and the veil. Runs in the jail."""

import io

from PIL import Image

from workbench.jail.results import CLEAR_LONGEST, VEIL_SIZE

CLEAR_QUALITY = 80
VEIL_CELLS = (16, 12)  # grey values a veil holds at most, whatever the size of the picture: no detail survives
VEIL_QUALITY = 30
GREY = 128  # behind transparency and around pictures that are not 4:3
Size = tuple[int, int]


def within(size: Size, longest: int = CLEAR_LONGEST) -> Size:
    """The size with the same shape whose longest side is at most `longest`; never larger than `size`."""
    return fit(size, (longest, longest)) if max(size) > longest else size


def fit(size: Size, frame: Size) -> Size:
    """The largest size of the same shape inside `frame`, at least one pixel each way."""
    scale = min(frame[0] / size[0], frame[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def clear(picture: Image.Image) -> bytes:
    """The preview as JPEG, with no metadata at all, of an upright RGB picture that is already small."""
    stream = io.BytesIO()
    picture.info.clear()  # Pillow would carry comments and profiles over
    picture.save(stream, "JPEG", quality=CLEAR_QUALITY)
    return stream.getvalue()


def veil(picture: Image.Image) -> bytes:
    """The whole picture in 16 x 12 grey cells, smoothed to 64 x 48: composition yes, detail no."""
    cells = picture.resize(fit(picture.size, VEIL_CELLS), Image.Resampling.BILINEAR, reducing_gap=3.0).convert("L")
    frame = Image.new("L", VEIL_CELLS, GREY)
    frame.paste(cells, ((VEIL_CELLS[0] - cells.width) // 2, (VEIL_CELLS[1] - cells.height) // 2))
    stream = io.BytesIO()
    frame.resize(VEIL_SIZE, Image.Resampling.BICUBIC).save(stream, "WEBP", quality=VEIL_QUALITY, method=2)
    return stream.getvalue()
