"""One decoded picture, upright: its hash, its preview and its veil from one reading of the pixels. Runs in the jail."""

from dataclasses import dataclass

from PIL import Image

from workbench.jail import colours, pdq, shrink
from workbench.jail.results import CLEAR_LONGEST

ORIENTATION = 0x0112  # EXIF tag
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
BACK = {6: 8, 8: 6}  # every other turn undoes itself
TURNED_BY_PLUGIN = ("TIFF", "HEIF")


@dataclass(frozen=True, slots=True)
class Rendered:
    """`picture` is in sRGB and small; the hash was taken from `hashed_width` pixels, before any smooth resizing."""

    picture: Image.Image
    pdq: bytes  # 32 bytes; empty below quality 50
    pdq_quality: int
    hashed_width: int


def load(image: Image.Image) -> None:
    """Decode the pixels; a JPEG at a half, quarter or eighth, never below a preview's size."""
    goal = shrink.within(image.size)
    if goal != image.size:
        image.draft("RGB", goal)
    image.load()


def rendered(image: Image.Image, *, turn: int, stored: shrink.Size, longest: int = CLEAR_LONGEST) -> Rendered:
    """The loaded image, turned by EXIF orientation `turn` (0 for none), its longest side at most `longest`.

    `stored` is its size before it was decoded at a fraction.
    """
    small = colours.reduced(image)
    hashed = _turned(colours.opaque(small, image), turn)
    width, height = turned_size(stored, turn)
    value, quality = pdq.compute(hashed, (height, width))
    picture = hashed if small.mode in ("L", "RGB") else _turned(small, turn)
    picture = colours.resized(picture, shrink.within(picture.size, longest))
    picture = colours.to_rgb(picture, image.info.get("icc_profile"))
    if picture is image:
        picture = image.copy()  # whoever saves it clears what it says of itself, and an animation still needs that
    return Rendered(picture, value, quality, hashed.width)


def turn_of(image: Image.Image) -> int:
    """The EXIF orientation that is still to be applied, 0 for none."""
    if image.format in TURNED_BY_PLUGIN or (image.format == "JXL" and not getattr(image, "jpeg", False)):
        return 0
    try:
        turn = image.getexif().get(ORIENTATION, 0)
    except Exception:  # unreadable metadata must not cost the picture
        return 0
    return turn if turn in TURNS else 0


def turned_size(size: shrink.Size, turn: int) -> shrink.Size:
    """The size after a turn by EXIF orientation."""
    return (size[1], size[0]) if turn > 4 else size


def as_stored(picture: Image.Image, turn: int) -> Image.Image:
    """The upright picture turned back to how it lies in the file."""
    return _turned(picture, BACK.get(turn, turn))


def _turned(picture: Image.Image, turn: int) -> Image.Image:
    return picture.transpose(TURNS[turn]) if turn else picture
