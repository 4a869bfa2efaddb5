"""Which decoder may see which bytes, and how they are opened: header read, pixels not. Runs in the jail.

The signature decides which one plugin is asked; a format not listed here is never opened. No EPS or PS (they start
a program), WMF, PCD, FITS or scientific formats: security.md rule 3.4.
"""

import io
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import pillow_heif
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
    UnidentifiedImageError,
    WebPImagePlugin,
    XpmImagePlugin,
)
from pillow_jxl import JpegXLImagePlugin

from workbench.jail import jxl_size, raw, results
from workbench.jail.limits import TooManyPixels, check
from workbench.jail.shrink import Size

# Naming the plugins here loads them now: nothing is imported once the jail is locked.
PLUGINS = (
    AvifImagePlugin, BmpImagePlugin, CurImagePlugin, DcxImagePlugin, DdsImagePlugin, GifImagePlugin, IcnsImagePlugin,
    IcoImagePlugin, Jpeg2KImagePlugin, JpegImagePlugin, JpegXLImagePlugin, MpoImagePlugin, PcxImagePlugin,
    PngImagePlugin, PpmImagePlugin, PsdImagePlugin, QoiImagePlugin, SgiImagePlugin, TgaImagePlugin, TiffImagePlugin,
    WebPImagePlugin, XpmImagePlugin,
)  # fmt: skip

ALLOWED: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("JPEG",),  # several in one file (MPO) included
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/webp": ("WEBP",),
    "image/avif": ("AVIF",),
    "image/heic": ("HEIF",),
    "image/heif": ("HEIF",),
    "image/jxl": ("JXL",),
    "image/tiff": ("TIFF",),
    "image/x-canon-cr2": ("TIFF",),
    "image/x-canon-cr3": (),  # these five are read by LibRaw alone
    "image/x-canon-crw": (),
    "image/x-fuji-raf": (),
    "image/x-panasonic-rw2": (),
    "image/x-olympus-orf": (),
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
DNG_VERSION, SUBFILE_TYPE = 0xC612, 0x00FE  # TIFF tags
BMP_INSIDE = {4: "JPEG", 5: "PNG"}  # a bitmap's compression -> what it is a wrapper for

AvifImagePlugin.DEFAULT_MAX_THREADS = 1
JpegXLImagePlugin.DECODE_THREADS = 0  # none beside the one that asks
pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
warnings.simplefilter("ignore")


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture whose header was read. `size` is upright and of the exposure where the picture only stands for it."""

    image: Image.Image
    size: Size | None = None
    reason: str = ""  # why it is less than the whole picture


def opened(file: BinaryIO, mime: str) -> Opened:
    """The picture, its pixels still packed; raises TooManyPixels, and whatever a plugin raises over damaged bytes."""
    formats = ALLOWED[mime]
    if mime == "image/jxl":
        check(jxl_size.size(file))  # its plugin unpacks at once
    elif mime == "image/bmp":
        file, formats = _unwrapped(file, formats)
    elif not formats:
        return Opened(*raw.opened(file))
    elif formats == ("TIFF",):
        return _tiff_or_raw(file, mime)
    return Opened(_header(file, formats))


def _header(file: BinaryIO, formats: tuple[str, ...]) -> Image.Image:
    """Our own check of the size comes first, because it keeps the figures."""
    file.seek(0)
    Image.MAX_IMAGE_PIXELS = None
    image = Image.open(file, formats=formats)
    check(image.size)
    Image.MAX_IMAGE_PIXELS = results.MAX_PIXELS // 2  # Pillow raises above twice this: for pictures inside pictures
    return image


def _tiff_or_raw(file: BinaryIO, mime: str) -> Opened:
    """Most raw files are TIFFs whose first page is a thumbnail; it is shown where LibRaw finds nothing better."""
    page = None
    with suppress(UnidentifiedImageError):
        page = _header(file, ALLOWED[mime])
    if page and mime == "image/tiff" and not _is_thumbnail(page):
        return Opened(page)
    try:
        return Opened(*raw.opened(file))
    except (MemoryError, TooManyPixels):
        raise
    except Exception:  # LibRaw raises anything over damaged bytes
        if page is None:
            raise
    return Opened(_header(file, ALLOWED[mime]), None, results.EMBEDDED_PREVIEW)


def _is_thumbnail(page: Image.Image) -> bool:
    """Whether the first page says that it is one, as in DNG, NEF and ARW."""
    if not isinstance(page, TiffImagePlugin.TiffImageFile):
        return False
    return DNG_VERSION in page.tag_v2 or page.tag_v2.get(SUBFILE_TYPE, 0) == 1


def _unwrapped(file: BinaryIO, formats: tuple[str, ...]) -> tuple[BinaryIO, tuple[str, ...]]:
    """The JPEG or PNG that a bitmap made for a printer may be wrapped around."""
    file.seek(0)
    head = file.read(34)
    inside = BMP_INSIDE.get(int.from_bytes(head[30:34], "little")) if head[:2] == b"BM" else None
    if not inside:
        return file, formats
    file.seek(int.from_bytes(head[10:14], "little"))
    return io.BytesIO(file.read()), (inside,)
