"""From whatever a file stores to plain RGB: palettes, deep greys, transparency, ink, profiles. Runs in the jail.

Large pictures are turned in bands of rows, so that a 256-megapixel palette image needs a few megabytes more than
the image itself and not five times as much.
"""

import io
from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageCms

from workbench.jail.results import CLEAR_LONGEST
from workbench.jail.shrink import GREY, Size

RESIZABLE = {"L", "RGB", "CMYK", "YCbCr", "LAB"}  # modes that can be shrunk as they are
BAND_PIXELS = 4_000_000
GAP = 1.5  # shrink by whole factors until this close to the goal, the rest smoothly
HASHED_SIDE = 256  # pixels that no side falls below by whole factors; PDQ drifts by p95 2, at most 2 bits
LONGEST = 4096  # pixels, about: a strip of a picture is divided along its length alone
SRGB = ImageCms.createProfile("sRGB")
FLAGS = ImageCms.Flags.NOCACHE


def reduced(image: Image.Image) -> Image.Image:
    """The loaded image divided by whole factors as far as preview and hash allow, in a mode that `to_rgb` takes.

    Both the hash and the preview are made from it, so the pixels of a large picture are read once.
    """
    if image.mode in RESIZABLE and "transparency" not in image.info:
        return _divided(image, _factors(image.size))
    small = _plain_reduced(image, _plain)
    if small.mode == "RGBA" and small.getchannel("A").getextrema()[1] == 0:
        return _divided(image.convert("RGB"), _factors(image.size))  # transparent throughout: what is hidden is shown
    return small


def opaque(small: Image.Image, image: Image.Image) -> Image.Image:
    """`small`, the reduced image, as PDQ sees it: L or RGB, profile and transparency ignored like in the reference."""
    if small.mode == "RGBA" and small.size != image.size:  # dividing has mixed the colours by their transparency
        return _plain_reduced(image, lambda part: part.convert("RGB"))
    return small if small.mode in ("L", "RGB") else to_rgb(small, None) if small.mode == "LAB" else small.convert("RGB")


def resized(image: Image.Image, size: Size) -> Image.Image:
    """The image smoothly at `size`."""
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=GAP)


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


def _factors(size: Size) -> Size:
    """By how much each side is divided: the same for both, but a very long one by more."""
    common = max(1, min(int(max(size) / CLEAR_LONGEST / GAP), min(size) // HASHED_SIDE))
    return max(common, size[0] // LONGEST), max(common, size[1] // LONGEST)


def _divided(image: Image.Image, factors: Size) -> Image.Image:
    return image.reduce(factors) if max(factors) > 1 else image


def _plain_reduced(image: Image.Image, plain: Callable[[Image.Image], Image.Image]) -> Image.Image:
    factors = _factors(image.size)
    if image.width * image.height <= BAND_PIXELS or factors == (1, 1):
        return _divided(plain(image), factors)
    return _in_bands(image, factors, plain)


def _in_bands(image: Image.Image, factors: Size, plain: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The image made plain and divided by whole factors, a band of rows at a time."""
    rows = max(1, BAND_PIXELS // image.width // factors[1]) * factors[1]
    bands = []
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(image.height, top + rows)))
        bands.append(plain(band).reduce(factors))
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
