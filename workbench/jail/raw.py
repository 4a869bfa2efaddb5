"""A camera's raw file through LibRaw: the camera's own picture inside it first, else the exposure. Runs in the jail.

Every viewer shows the picture that the camera has put in, and developing costs half a second; so the exposure is
developed, at half its size, only where that picture is missing, smaller than a preview, or of another shape.
"""

import io
from contextlib import closing, suppress
from typing import Any, BinaryIO

import rawpy
from PIL import Image

from workbench.jail import results
from workbench.jail.limits import check
from workbench.jail.shrink import Size

SHAPE_DIFFERS = 0.06  # of the ratio of the sides; cameras crop a little
PIXELS_A_BYTE = 16  # no camera packs more: such a file has lost its exposure, and noise would be developed
ON_THEIR_SIDE = (5, 6)  # LibRaw's `flip`: turned by a quarter


def opened(file: BinaryIO) -> tuple[Image.Image, Size, str]:
    """(picture, upright size of the exposure, why it is no full preview or "").

    The camera's picture may still have to be turned as its EXIF says. Raises LibRaw's errors, TooManyPixels, and
    OSError where there is neither a picture nor an exposure.
    """
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    with closing(rawpy.RawPy()) as raw:
        raw.open_buffer(file)
        size = _upright(raw)
        check(size)
        picture = _camera_picture(raw)
        if picture and _is_whole(picture, size):
            return picture, size, ""
        with suppress(rawpy.LibRawError, ValueError):
            if size[0] * size[1] <= PIXELS_A_BYTE * length:
                return _developed(raw), size, ""
    if picture is None:
        raise OSError("no picture in the raw file, and no exposure that can be developed")
    return picture, size, results.EMBEDDED_PREVIEW


def _upright(raw: Any) -> Size:
    width, height = raw.sizes.iwidth, raw.sizes.iheight
    return (height, width) if raw.sizes.flip in ON_THEIR_SIDE else (width, height)


def _camera_picture(raw: Any) -> Image.Image | None:
    """The largest JPEG that the camera has put in, header read; None without one."""
    with suppress(rawpy.LibRawError, OSError, ValueError):
        found = raw.extract_thumb()
        if found.format == rawpy.ThumbFormat.JPEG:
            return Image.open(io.BytesIO(found.data), formats=("JPEG",))
    return None


def _is_whole(picture: Image.Image, exposure: Size) -> bool:
    """Whether the camera's picture can stand for the exposure; which way round is for its EXIF to say."""
    if max(picture.size) < min(results.CLEAR_LONGEST, max(exposure)):
        return False
    shapes = [max(size) / min(size) for size in (picture.size, exposure)]
    return abs(shapes[0] - shapes[1]) <= SHAPE_DIFFERS * shapes[1]


def _developed(raw: Any) -> Image.Image:
    """The exposure at half its size, turned upright by LibRaw; raises ValueError when it is all of one colour."""
    image = Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True))
    if image.getcolors(1) is not None:
        raise ValueError("an exposure without a picture")
    return image
