"""PURE: draws test charts (bars, ramps, stars, grids) and rendered balls, different for every seed."""

import colorsys
import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cases.demo.landscapes import Colour

SIZE = (560, 420)


def _colour(random: np.random.Generator, saturation: float = 0.6, value: float = 0.85) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(float(random.random()), saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def bars(random: np.random.Generator) -> Image.Image:
    """Colour bars over a grey staircase."""
    picture = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(picture)
    number = int(random.integers(5, 10))
    wide, shift = SIZE[0] / number, float(random.random())
    for bar in range(number):
        red, green, blue = colorsys.hsv_to_rgb((bar / number + shift) % 1, 0.7, 0.9)
        fill = (round(red * 255), round(green * 255), round(blue * 255))
        draw.rectangle((bar * wide, 0, (bar + 1) * wide, SIZE[1] * 0.7), fill=fill)
        grey = round(255 * bar / (number - 1))
        draw.rectangle((bar * wide, SIZE[1] * 0.7, (bar + 1) * wide, SIZE[1]), fill=(grey, grey, grey))
    return picture


def star(random: np.random.Generator) -> Image.Image:
    """A Siemens star with rings, for sharpness."""
    picture = Image.new("RGB", SIZE, (244, 244, 240))
    draw = ImageDraw.Draw(picture)
    dark, middle = _colour(random, 0.5, 0.3), (SIZE[0] / 2, SIZE[1] / 2)
    box = (middle[0] - 190, middle[1] - 190, middle[0] + 190, middle[1] + 190)
    spokes = 2 * int(random.integers(12, 37))
    turn = float(random.random()) * 10
    for spoke in range(0, spokes, 2):
        draw.pieslice(box, turn + spoke * 360 / spokes, turn + (spoke + 1) * 360 / spokes, fill=dark)
    for ring in range(1, int(random.integers(2, 6))):
        radius = 190 - ring * 36
        circle = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
        draw.ellipse(circle, outline=(160, 60, 50), width=2)
    return picture


def grid(random: np.random.Generator) -> Image.Image:
    """A numbered grid with patches of colour."""
    picture = Image.new("RGB", SIZE, (250, 250, 248))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(15)
    cell = int(random.integers(46, 76))
    for row, top in enumerate(range(0, SIZE[1], cell)):
        for column, left in enumerate(range(0, SIZE[0], cell)):
            if random.random() < 0.35:
                draw.rectangle((left, top, left + cell, top + cell), fill=_colour(random, 0.35, 0.9))
            draw.text((left + 5, top + 3), f"{column}{chr(65 + row)}", fill=(90, 94, 98), font=font)
    for place in range(0, max(SIZE), cell):
        draw.line((place, 0, place, SIZE[1]), fill=(150, 154, 158))
        draw.line((0, place, SIZE[0], place), fill=(150, 154, 158))
    return picture


def balls(random: np.random.Generator) -> Image.Image:
    """Shaded balls on a plane, as a renderer's first picture shows them."""
    floor = int(SIZE[1] * float(random.uniform(0.5, 0.62)))
    back, ground = _colour(random, 0.18, 0.92), _colour(random, 0.25, 0.72)
    picture = Image.new("RGB", SIZE, back)
    ImageDraw.Draw(picture).rectangle((0, floor, *SIZE), fill=ground)
    for place in range(int(random.integers(2, 5))):
        radius = int(random.integers(38, 92))
        middle = (
            int(SIZE[0] * (place + 0.6) / 4.2) + int(random.integers(-20, 21)),
            floor + int(random.integers(0, 60)),
        )
        shadow = (middle[0] - radius, middle[1] + radius * 0.78, middle[0] + radius * 1.5, middle[1] + radius * 1.08)
        ImageDraw.Draw(picture).ellipse(shadow, fill=tuple(round(part * 0.7) for part in ground))
        _ball(picture, middle, radius, _colour(random, 0.65, 0.95))
    return picture


def _ball(picture: Image.Image, middle: tuple[int, int], radius: int, colour: Colour) -> None:
    side = np.linspace(-1, 1, 2 * radius, dtype=np.float32)
    across, down = np.meshgrid(side, side)
    flat = across**2 + down**2
    toward = np.sqrt(np.clip(1 - flat, 0, 1))
    light = np.clip(-0.5 * across - 0.6 * down + 0.62 * toward, 0, 1)
    shaded = np.asarray(colour, np.float32) * (0.25 + 0.75 * light)[:, :, None] + (255 * light**24)[:, :, None] * 0.6
    ball = Image.fromarray(np.clip(shaded, 0, 255).astype(np.uint8))
    edge = Image.fromarray((np.clip((1 - np.sqrt(flat)) * radius, 0, 1) * 255).astype(np.uint8))
    picture.paste(ball, (middle[0] - radius, middle[1] - radius), edge)


def waves(random: np.random.Generator) -> Image.Image:
    """Rings that cross each other, for moiré."""
    x = np.linspace(0, 1, SIZE[0], dtype=np.float32)
    y = np.linspace(0, 0.75, SIZE[1], dtype=np.float32)[:, None]
    rings = sum(
        np.sin(
            np.hypot(x - float(random.random()), y - float(random.random())) * math.tau * float(random.integers(6, 26))
        )
        for _ in range(2)
    )
    share = ((np.asarray(rings) + 2) / 4)[:, :, None]
    dark, pale = (np.asarray(_colour(random, 0.6, value), np.float32) for value in (0.35, 0.95))
    return Image.fromarray((dark + (pale - dark) * share).astype(np.uint8))


KINDS: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "bars": bars,
    "star": star,
    "grid": grid,
    "balls": balls,
    "waves": waves,
}


def draw(kind: str, seed: int) -> Image.Image:
    """A chart of that kind; the same seed gives the same picture."""
    return KINDS[kind](np.random.default_rng(seed))
