"""From whatever a file stores to plain RGB: palettes, deep greys, transparency, ink, profiles. Runs in the jail.

Large pictures are turned in bands of rows, so that a 256-megapixel palette image needs a few megabytes more than
the image itself and not five times as much.
"""

import io
from functools import lru_cache

from PIL import Image, ImageCms

from workbench.jail.shrink import GREY, Size

RESIZABLE = {"L", "RGB", "CMYK", "YCbCr", "LAB"}  # modes that can be shrunk as they are
BAND_PIXELS = 4_000_000
GAP = 1.5  # shrink by whole factors until this close to the goal, the rest smoothly
SRGB = ImageCms.createProfile("sRGB")
FLAGS = ImageCms.Flags.NOCACHE


def shrunk(image: Image.Image, size: Size) -> Image.Image:
    """The loaded image at `size`, as L, RGB or RGBA (or the printing modes that `to_rgb` handles)."""
    if image.mode in RESIZABLE and "transparency" not in image.info:
        return _resized(image, size)
    small = _shrunk_plain(image, size)
    if small.mode == "RGBA" and small.getchannel("A").getextrema()[1] == 0:
        return _resized(image.convert("RGB"), size)  # transparent throughout: what is hidden is shown
    return small


def to_rgb(small: Image.Image, profile: bytes | None) -> Image.Image:
    """The small picture in sRGB, transparency laid over neutral grey."""
    if small.mode == "RGBA":
        small = _over_grey(small)
    if small.mode == "LAB":
        return ImageCms.profileToProfile(small, ImageCms.createProfile("LAB"), SRGB, outputMode="RGB") or small
    transform = _transform(profile, small.mode) if profile else None
    if transform:
        return transform.apply(small)
    return small if small.mode == "RGB" else small.convert("RGB")


def _shrunk_plain(image: Image.Image, size: Size) -> Image.Image:
    factors = tuple(max(1, int(whole / goal / GAP)) for whole, goal in zip(image.size, size, strict=True))
    if image.width * image.height <= BAND_PIXELS or factors == (1, 1):
        return _resized(_plain(image), size)
    return _resized(_in_bands(image, factors[0], factors[1]), size)


def _resized(image: Image.Image, size: Size) -> Image.Image:
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=GAP)


def _in_bands(image: Image.Image, across: int, down: int) -> Image.Image:
    """The image divided by whole factors, a band of rows at a time."""
    rows = max(1, BAND_PIXELS // image.width // down) * down
    bands = []
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(image.height, top + rows)))
        bands.append(_plain(band).reduce((across, down)))
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


def _plain(image: Image.Image) -> Image.Image:
    """L, RGB or RGBA, whatever the mode was."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("I", "F"):
        return _stretched(image)
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _stretched(image: Image.Image) -> Image.Image:
    """Greys of unknown range, brought to 0..255."""
    low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type]
    if low >= 0 and 1 < high <= 255:
        return image.convert("L")
    scale = 255 / (high - low) if high > low else 0.0
    offset = -low * scale
    return image.convert("F").point(lambda value: value * scale + offset).convert("L")


def _over_grey(image: Image.Image) -> Image.Image:
    ground = Image.new("RGB", image.size, (GREY, GREY, GREY))
    ground.paste(image, mask=image.getchannel("A"))
    return ground


@lru_cache(maxsize=8)  # a phone writes the same profile into every picture
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from an embedded profile to sRGB; None where it is sRGB already, grey, or unusable."""
    if mode not in ("RGB", "CMYK") or b"sRGB" in profile or b"s\0R\0G\0B" in profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, SRGB, mode, "RGB", flags=FLAGS)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None  # a broken profile says nothing about the pixels
