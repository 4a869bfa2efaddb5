"""How large a picture may be before anything of it is decoded. Runs in the jail."""

from workbench.jail import results
from workbench.jail.shrink import Size


class TooManyPixels(Exception):
    """The picture is larger than the jail may decode; carries its size."""

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.size = size


def check(size: Size) -> None:
    """Raises TooManyPixels, or ValueError for a picture without pixels."""
    if min(size) <= 0:
        raise ValueError("a picture without pixels")
    if size[0] * size[1] > results.MAX_PIXELS:
        raise TooManyPixels(size)
