"""PURE: a plain map without anybody's map data: meridians, parallels, a scale, and where a place lies on the drawing.

Degrees are decimal, north and east positive; pixels from the top left. Equal steps of latitude are equally far apart,
and those of longitude as they are in the middle of the drawing. Nothing goes over the date line: what lies on both
sides of it is drawn far apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, cos, radians

WIDE, TALL = 900, 520  # pixels
LEAST = 0.002  # degrees of latitude that a drawing shows at least: 220 m
EDGE = 0.08  # of the drawing, left free around what is to be seen
STEPS = (30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002)
LINES = 8  # meridians at most
METRES = 111_195.0  # of a degree of latitude
LONGEST = 180  # pixels of the scale bar

Box = tuple[float, float, float, float]  # south, west, north, east


@dataclass(frozen=True, slots=True)
class Line:
    """A meridian or parallel: where it lies in pixels, and its degrees."""

    at: str
    degrees: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn: from where to where, in degrees."""

    south: float
    west: float
    north: float
    east: float

    def x(self, longitude: float) -> float:
        """Pixels from the left."""
        return WIDE * (longitude - self.west) / (self.east - self.west)

    def y(self, latitude: float) -> float:
        """Pixels from the top."""
        return TALL * (self.north - latitude) / (self.north - self.south)

    @property
    def box(self) -> Box:
        """What of it is on the globe: some of a drawing of the whole world is not. To a metre."""
        return (round(max(-90.0, self.south), 5), round(max(-180.0, self.west), 5), round(min(90.0, self.north), 5),
                round(min(180.0, self.east), 5))  # fmt: skip

    def meridians(self) -> list[Line]:
        """Lines of equal longitude."""
        return [Line(f"{self.x(one):.1f}", one) for one in _rounds(self.west, self.east, 180)]

    def parallels(self) -> list[Line]:
        """Lines of equal latitude."""
        return [Line(f"{self.y(one):.1f}", one) for one in _rounds(self.south, self.north, 90)]

    def scale(self) -> tuple[int, int]:
        """A round number of metres, and how many pixels that is in the middle."""
        metres = METRES * (self.north - self.south) / TALL * LONGEST
        size: int = next(
            size for power in range(8, -1, -1) for size in (5 * 10**power, 2 * 10**power, 10**power) if size <= metres
        )
        return size, round(LONGEST * size / metres)


def sheet(box: Box) -> Sheet:
    """The drawing in whose middle the box lies, with room around it."""
    south, west, north, east = box
    middle = (south + north) / 2, (west + east) / 2
    narrow = max(0.05, cos(radians(middle[0])))  # a degree of longitude, in degrees of latitude
    tall = max(north - south, (east - west) * narrow * TALL / WIDE, LEAST) * (1 + 2 * EDGE)
    wide = tall * WIDE / TALL / narrow
    return Sheet(middle[0] - tall / 2, middle[1] - wide / 2, middle[0] + tall / 2, middle[1] + wide / 2)


def _rounds(first: float, last: float, most: int) -> Iterator[float]:
    """Round degrees between two that exist on the globe."""
    first, last = max(first, -most), min(last, most)
    step = next((one for one in reversed(STEPS) if (last - first) / one <= LINES), STEPS[0])
    for n in range(ceil(first / step), int(last // step) + 1):
        yield round(n * step, 6)
