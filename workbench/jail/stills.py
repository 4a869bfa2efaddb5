"""Still pictures through Pillow. Runs in the jail.

The signature decides which one plugin sees the bytes; a format not listed here is never opened. No EPS or PS
(they start a program), WMF, PCD, FITS or scientific formats: security.md rule 3.4.
"""

import warnings
from typing import BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    CurImagePlugin,
    DcxImagePlugin,
    DdsImagePlugin,
    GifImagePlugin,
    IcnsImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PcxImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    PsdImagePlugin,
    QoiImagePlugin,
    SgiImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    XpmImagePlugin,
)

from workbench.jail import colours, embedded, gif_frames, metadata, results, shrink
from workbench.jail.results import Preview
from workbench.media_types import MediaType

# Naming the plugins here loads them now: nothing is imported once the jail is locked.
PLUGINS = (
    AvifImagePlugin, BmpImagePlugin, CurImagePlugin, DcxImagePlugin, DdsImagePlugin, GifImagePlugin, IcnsImagePlugin,
    IcoImagePlugin, Jpeg2KImagePlugin, JpegImagePlugin, MpoImagePlugin, PcxImagePlugin, PngImagePlugin, PpmImagePlugin,
    PsdImagePlugin, QoiImagePlugin, SgiImagePlugin, TgaImagePlugin, TiffImagePlugin, WebPImagePlugin, XpmImagePlugin,
)  # fmt: skip

ALLOWED: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("JPEG",),  # several in one file (MPO) included
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/webp": ("WEBP",),
    "image/avif": ("AVIF",),
    "image/tiff": ("TIFF",),
    "image/x-canon-cr2": ("TIFF",),
    "image/bmp": ("BMP", "DIB"),
    "image/vnd.microsoft.icon": ("ICO",),
    "image/x-win-bitmap": ("CUR",),
    "image/jp2": ("JPEG2000",),
    "image/x-jp2-codestream": ("JPEG2000",),
    "image/vnd.adobe.photoshop": ("PSD",),
    "image/x-icns": ("ICNS",),
    "image/x-qoi": ("QOI",),
    "image/vnd-ms.dds": ("DDS",),
    "image/sgi": ("SGI",),
    "image/x-pcx": ("PCX",),
    "image/x-dcx": ("DCX",),
    "image/x-xpixmap": ("XPM",),
    "image/x-tga": ("TGA",),
    "image/x-portable-bitmap": ("PPM",),
    "image/x-portable-greymap": ("PPM",),
    "image/x-portable-pixmap": ("PPM",),
}
ORIENTATION, DNG_VERSION, SUBFILE_TYPE = 0x0112, 0xC612, 0x00FE  # TIFF tags
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

AvifImagePlugin.DEFAULT_MAX_THREADS = 1
warnings.simplefilter("ignore")


class TooManyPixels(Exception):
    """The picture is larger than the jail may decode; carries its size."""

    def __init__(self, size: shrink.Size) -> None:
        super().__init__(size)
        self.size = size


def preview(file: BinaryIO, media: MediaType) -> Preview:
    """Veil and clear preview of a still; damaged ones as far as they go, marked partial."""
    formats = ALLOWED.get(media.mime)
    if not formats:
        return Preview(media.kind, media.mime, reason=results.UNSUPPORTED)
    try:
        return _strict_then_tolerant(file, media, formats)
    except TooManyPixels as error:
        width, height = (min(side, results.MAX_NUMBER) for side in error.size)
        return Preview(media.kind, media.mime, width, height, reason=results.TOO_MANY_PIXELS)
    except Image.DecompressionBombError:
        return Preview(media.kind, media.mime, reason=results.TOO_MANY_PIXELS)


def _strict_then_tolerant(file: BinaryIO, media: MediaType, formats: tuple[str, ...]) -> Preview:
    """Whole files are decoded once; only those that fail are decoded again as far as they go."""
    try:
        return _decoded(file, media, formats)
    except (MemoryError, TooManyPixels, Image.DecompressionBombError):
        raise
    except Exception:  # plugins raise anything over damaged bytes; the second attempt answers
        pass_reason = results.TRUNCATED
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        return _decoded(file, media, formats, reason=pass_reason)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _decoded(file: BinaryIO, media: MediaType, formats: tuple[str, ...], reason: str = "") -> Preview:
    image = _opened(file, formats)
    width, height = image.size
    goal = shrink.within(image.size)
    if goal != image.size:
        image.draft("RGB", goal)  # JPEG decodes at a half, quarter or eighth, never below the goal
    image.load()
    if _is_raw(image):
        reason = reason or results.EMBEDDED_PREVIEW
    _check(image.size)  # icons and JPEG 2000 may hold more than their header said
    if image.format not in ("JPEG", "MPO"):
        width, height = image.size
    said = metadata.of_still(image, (width, height), file)
    small = colours.shrunk(image, shrink.within(image.size))
    turn = _turn(image)
    picture = colours.to_rgb(small, image.info.get("icc_profile"))
    if reason == results.TRUNCATED and _is_empty(picture):
        raise OSError("not one row was decoded")
    slices = embedded.found(file, image, picture)
    if turn:
        picture = picture.transpose(TURNS[turn])
    if turn > 4:
        width, height = height, width
    return Preview(
        media.kind, media.mime, width, height, frames=_frames(image, file),
        state="partial" if reason else "made", reason=reason,
        veil=shrink.veil(picture), clear=shrink.clear(picture), metadata=said, embedded=slices,
    )  # fmt: skip


def _opened(file: BinaryIO, formats: tuple[str, ...]) -> Image.Image:
    """The image, header read and pixels not; our own check of its size comes first, because it keeps the figures."""
    file.seek(0)
    Image.MAX_IMAGE_PIXELS = None
    image = Image.open(file, formats=formats)
    _check(image.size)
    Image.MAX_IMAGE_PIXELS = results.MAX_PIXELS // 2  # Pillow raises above twice this: for pictures inside pictures
    return image


def _check(size: shrink.Size) -> None:
    if min(size) <= 0:
        raise ValueError("a picture without pixels")
    if size[0] * size[1] > results.MAX_PIXELS:
        raise TooManyPixels(size)


def _is_empty(picture: Image.Image) -> bool:
    """One colour throughout: what Pillow fills in for what it could not decode."""
    return picture.getcolors(1) is not None


def _is_raw(image: Image.Image) -> bool:
    """Whether the first page of a TIFF is the thumbnail of a camera's raw file."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    return DNG_VERSION in image.tag_v2 or image.tag_v2.get(SUBFILE_TYPE, 0) == 1


def _turn(image: Image.Image) -> int:
    """The EXIF orientation that is still to be applied, 0 for none; Pillow turns TIFF by itself."""
    if image.format == "TIFF":
        return 0
    try:
        turn = image.getexif().get(ORIENTATION, 0)
    except Exception:  # unreadable metadata must not cost the picture
        return 0
    return turn if turn in TURNS else 0


def _frames(image: Image.Image, file: BinaryIO) -> int:
    """Frames or pages, at most MAX_FRAMES looked at; 1 when a damaged file does not tell."""
    try:
        if image.format == "GIF":
            return gif_frames.count(file, results.MAX_FRAMES)
        if image.format == "TIFF":
            return _pages(image)
        return max(1, min(results.MAX_FRAMES, getattr(image, "n_frames", 1)))
    except Exception:  # the count is a courtesy
        return 1


def _pages(image: Image.Image) -> int:
    for page in range(1, results.MAX_FRAMES):
        try:
            image.seek(page)
        except EOFError:
            return page
    return results.MAX_FRAMES
