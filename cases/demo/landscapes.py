"""PURE: draws harmless landscapes: skies, hills, peaks, sea and trees, different for every seed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Line = NDArray[np.float32]  # a height (0 top, 1 bottom) for every column
Mask = NDArray[np.float32]  # 0 to 1 for every pixel of some rows
Colour = tuple[int, int, int]
SIZES = ((600, 400), (560, 420), (640, 400), (420, 560), (480, 480))


@dataclass(frozen=True, slots=True)
class Palette:
    """The light of a time of day."""

    zenith: Colour
    horizon: Colour
    far: Colour
    near: Colour
    light: Colour  # sun or moon
    stars: bool = False


PALETTES = (
    Palette((66, 88, 142), (252, 196, 160), (158, 146, 178), (38, 44, 66), (255, 232, 190)),  # dawn
    Palette((72, 134, 200), (208, 230, 240), (152, 180, 196), (36, 76, 52), (255, 252, 236)),  # day
    Palette((120, 164, 192), (244, 230, 206), (182, 160, 146), (104, 58, 26), (255, 246, 220)),  # autumn
    Palette((44, 42, 94), (244, 136, 92), (136, 92, 122), (26, 20, 38), (255, 188, 116)),  # dusk
    Palette((8, 12, 30), (44, 60, 98), (36, 48, 80), (7, 10, 20), (236, 240, 248), stars=True),  # night
    Palette((96, 120, 130), (206, 214, 214), (150, 164, 166), (52, 70, 66), (240, 242, 238)),  # mist
)


class Canvas:
    """A picture in the making, with the random numbers that make it this one."""

    def __init__(self, seed: int, size: tuple[int, int] | None = None) -> None:
        self.random = np.random.default_rng(seed)
        self.width, self.height = size or SIZES[int(self.random.integers(len(SIZES)))]
        self.palette = PALETTES[int(self.random.integers(len(PALETTES)))]
        self.x = np.linspace(0, 1, self.width, dtype=np.float32)
        self.y = np.linspace(0, 1, self.height, dtype=np.float32)[:, None]
        self.picture = Image.new("RGB", (self.width, self.height))

    def between(self, low: float, high: float) -> float:
        """A random number."""
        return float(self.random.uniform(low, high))

    def lay(self, over: Colour | Image.Image, mask: Mask | Image.Image, top: int = 0) -> None:
        """Lay a colour or picture over the rows from `top` on, as far as the mask says."""
        if not isinstance(mask, Image.Image):
            mask = Image.fromarray((mask * 255).astype(np.uint8))
        if isinstance(over, Image.Image) and over.size != mask.size:
            over = over.crop((0, top, self.width, top + mask.height))
        self.picture.paste(over, (0, top, self.width, top + mask.height), mask)

    def gradient(self, above: Colour, below: Colour, share: NDArray[np.float32]) -> Image.Image:
        """A picture of this size that changes from one colour to the other, row by row."""
        rows = np.asarray(above, np.float32) + np.subtract(below, above, dtype=np.float32) * share.reshape(-1, 1)
        column = Image.fromarray(np.clip(rows, 0, 255).astype(np.uint8)[:, None, :])
        return column.resize((self.width, self.height), Image.Resampling.NEAREST)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two."""
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


def sky(canvas: Canvas) -> float:
    """Sky with sun or moon, stars and clouds; returns the place of the light, from left to right."""
    light = canvas.palette
    canvas.picture = canvas.gradient(light.zenith, light.horizon, np.minimum(canvas.y / 0.7, 1) ** 1.3)
    if light.stars:
        places = canvas.random.random((240, 2)) * (canvas.width, canvas.height)
        ImageDraw.Draw(canvas.picture).point([(float(x), float(y)) for x, y in places], (176, 184, 206))
    at_x, at_y = canvas.between(0.15, 0.85), canvas.between(0.12, 0.45)
    _glow(canvas, at_x, at_y)
    disc = canvas.between(0.025, 0.05)
    distance = np.hypot((canvas.x - at_x) * canvas.width / canvas.height, canvas.y - at_y)
    canvas.lay(light.light, np.clip((disc - distance) * canvas.height, 0, 1))
    clouds(canvas)
    return at_x


def _glow(canvas: Canvas, at_x: float, at_y: float) -> None:
    """Light around the light; soft, so an eighth of the size is enough to compute."""
    across = (canvas.x[::8] - at_x) * canvas.width / canvas.height
    strength = 115 * np.exp(-5 * np.hypot(across, canvas.y[::8] - at_y))
    soft = Image.fromarray(strength.astype(np.uint8))
    canvas.lay(canvas.palette.light, soft.resize(canvas.picture.size, Image.Resampling.BICUBIC))


def clouds(canvas: Canvas) -> None:
    """Soft bands of cloud, sometimes."""
    cover = canvas.between(-0.15, 0.45)
    if cover <= 0:
        return
    grid = Image.fromarray(canvas.random.random((7, 6), dtype=np.float32))
    soft = np.asarray(grid.resize((80, 60), Image.Resampling.BICUBIC))
    strength = np.clip((soft - 0.55) * 1.8, 0, 1) * cover * np.linspace(1, 0, 60, dtype=np.float32)[:, None]
    mask = Image.fromarray((strength * 255).astype(np.uint8)).resize(canvas.picture.size, Image.Resampling.BICUBIC)
    canvas.lay(mix(canvas.palette.horizon, (255, 255, 255), 0.5), mask)


def ridge(canvas: Canvas, level: float, height: float, *, jagged: bool) -> Line:
    """The outline of a range of hills (rolling) or peaks (jagged)."""
    line = np.zeros(canvas.width)
    for octave in range(6 if jagged else 3):
        points = 4 * 2**octave
        heights = canvas.random.uniform(-1, 1, points + 1)
        places = canvas.x * points
        if not jagged:
            share = places - np.floor(places)
            places = np.floor(places) + share * share * (3 - 2 * share)
        line += np.interp(places, np.arange(points + 1), heights) / 2 ** (octave * (0.85 if jagged else 1.4))
    return (level - height * line).astype(np.float32)


def land(canvas: Canvas, line: Line, colour: Colour) -> None:
    """Everything below an outline, darker towards the bottom."""
    top = max(0, int(float(line.min()) * canvas.height) - 1)
    if top < canvas.height:
        fall = np.clip(canvas.y - float(line.mean()), 0, 1) * 1.1
        shade = canvas.gradient(mix(colour, (255, 255, 255), 0.04), mix(colour, (0, 0, 0), 0.45), fall)
        canvas.lay(shade, np.clip((canvas.y[top:] - line) * canvas.height, 0, 1), top)


def snow(canvas: Canvas, line: Line) -> None:
    """Snow on the upper part of peaks."""
    depth = 0.015 + 0.05 * np.abs(ridge(canvas, 0, 1, jagged=True)) * (line < np.median(line) + 0.02)
    top = max(0, int(float(line.min()) * canvas.height) - 1)
    below = (canvas.y[top:] - line) * canvas.height
    mask = np.clip(below, 0, 1) * np.clip(depth * canvas.height / 3 - below / 3, 0, 1) * 0.85
    canvas.lay(mix(canvas.palette.horizon, (255, 255, 255), 0.75), mask.astype(np.float32), top)


def trees(canvas: Canvas, line: Line, number: int) -> None:
    """Conifers along an outline, in front of everything."""
    draw = ImageDraw.Draw(canvas.picture)
    colour = mix(canvas.palette.near, (0, 0, 0), 0.3)
    for _ in range(number):
        column = int(canvas.random.integers(canvas.width))
        foot = float(line[column]) * canvas.height + canvas.between(2, 30)
        tall = canvas.between(0.04, 0.13) * canvas.height
        for part in range(3):
            top, wide = foot - tall * (1 - part * 0.22), tall * (0.13 + part * 0.06)
            base = foot - tall * (0.5 - part * 0.25)
            draw.polygon([(column, top), (column - wide, base), (column + wide, base)], fill=colour)


def alpine(canvas: Canvas) -> None:
    """Snowy peaks behind wooded hills."""
    sky(canvas)
    peaks = ridge(canvas, canvas.between(0.42, 0.55), canvas.between(0.12, 0.2), jagged=True)
    land(canvas, peaks, mix(canvas.palette.far, canvas.palette.near, 0.15))
    snow(canvas, peaks)
    hills(canvas, first=0.62, layers=3)


def rolling(canvas: Canvas) -> None:
    """Layer behind layer of hills, paler with distance."""
    sky(canvas)
    hills(canvas, first=0.5, layers=int(canvas.random.integers(4, 7)))


def hills(canvas: Canvas, *, first: float, layers: int) -> None:
    """The layers themselves, trees on the nearest."""
    line: Line = np.ones(canvas.width, np.float32)
    for layer in range(layers):
        level = first + (0.94 - first) * layer / max(layers - 1, 1)
        line = ridge(canvas, level, canvas.between(0.03, 0.075), jagged=False)
        land(canvas, line, mix(canvas.palette.far, canvas.palette.near, (layer + 1) / layers))
    trees(canvas, line, int(canvas.random.integers(0, 26)))


def coastal(canvas: Canvas) -> None:
    """Sea with the light on it, an island or a headland, sometimes a beach."""
    sun = sky(canvas)
    horizon = canvas.between(0.5, 0.62)
    sea(canvas, horizon, sun)
    island(canvas, horizon)
    if canvas.random.random() < 0.6:
        beach = ridge(canvas, canvas.between(0.84, 0.92), 0.03, jagged=False)
        land(canvas, beach, mix((216, 190, 150), canvas.palette.near, 0.8 if canvas.palette.stars else 0.15))


def island(canvas: Canvas, horizon: float) -> None:
    """Land on the horizon, to one side."""
    outline = ridge(canvas, horizon + 0.11, 0.09, jagged=bool(canvas.random.integers(2)))
    side = 1 if canvas.random.random() < 0.5 else -1
    outline = outline - np.clip((canvas.x - 0.5) * side * 0.4, -0.02, 0.2)
    foot = horizon + 0.012
    mask = np.clip((canvas.y - outline) * canvas.height, 0, 1) * (canvas.y < foot)
    canvas.lay(mix(canvas.palette.far, canvas.palette.near, 0.6), mask.astype(np.float32))


def sea(canvas: Canvas, horizon: float, sun: float) -> None:
    """Water from the horizon down: darker near, with ripples and a path of light."""
    top = int(horizon * canvas.height)
    near = (canvas.y[top:] - horizon) / (1 - horizon)
    deep = mix(canvas.palette.zenith, canvas.palette.near, 0.35)
    pale = mix(canvas.palette.horizon, canvas.palette.zenith, 0.35)
    water = canvas.gradient(pale, deep, np.clip((canvas.y - horizon) / (1 - horizon), 0, 1))
    canvas.picture.paste(water.crop((0, top, canvas.width, canvas.height)), (0, top))
    ripple = canvas.random.random((canvas.height - top, canvas.width // 8 + 1), dtype=np.float32)
    across = np.linspace(0, 1, ripple.shape[1], dtype=np.float32)
    path = np.exp(-(((across - sun) / (0.03 + 0.12 * near)) ** 2)) * (ripple > 0.6) * 0.55
    _strokes(canvas, canvas.palette.light, path, top)
    _strokes(canvas, mix(pale, (255, 255, 255), 0.3), (ripple < 0.12) * (0.08 + 0.12 * near), top)


def _strokes(canvas: Canvas, colour: Colour, strength: NDArray[np.float32], top: int) -> None:
    """Short strokes of light on the water."""
    small = Image.fromarray((strength * 255).astype(np.uint8))
    canvas.lay(colour, small.resize((canvas.width, strength.shape[0]), Image.Resampling.NEAREST), top)


KINDS: dict[str, Callable[[Canvas], None]] = {"alpine": alpine, "coastal": coastal, "rolling": rolling}


def draw(kind: str, seed: int, size: tuple[int, int] | None = None) -> Image.Image:
    """A landscape of that kind; the same seed and size give the same picture."""
    canvas = Canvas(seed, size)
    KINDS[kind](canvas)
    return canvas.picture
