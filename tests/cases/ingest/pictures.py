"""A folder of many harmless files that differ: photographs-like pictures, copies, damaged ones, texts."""

import io
import random
from pathlib import Path

from PIL import Image, ImageFilter

BASES = 8
SIZE = (1600, 1200)


def varied(root: Path, number: int, seed: int, size: tuple[int, int] = SIZE) -> Path:
    """Write `number` files below `root`, pictures of `size` pixels; the same seed gives the same bytes."""
    chance = random.Random(seed)
    bases = [_picture(seed * 100 + base, size) for base in range(BASES)]
    for place in range(number):
        folder = root / f"{place % 17:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        name, data = _file(chance, bases, place)
        (folder / name).write_bytes(data)
    return root


def _file(chance: random.Random, bases: list[bytes], place: int) -> tuple[str, bytes]:
    """Most are pictures that differ by some bytes behind their end; about a third are copies."""
    base, kind = bases[place % len(bases)], chance.random()
    if kind < 0.3:
        return f"copy-{place:05d}.jpg", base + b"copy of %d" % chance.randrange(20)
    if kind < 0.34:
        return f"cut-{place:05d}.jpg", base[: 2000 + place]
    if kind < 0.37:
        return f"note-{place:05d}.txt", b"hills and rivers, number %d\n" % place
    if kind < 0.38:
        return f"empty-{place:05d}.jpg", b""
    return f"hill-{place:05d}.jpg", base + b"number %d" % place


def _picture(seed: int, size: tuple[int, int]) -> bytes:
    chance = random.Random(seed)
    small = Image.frombytes("RGB", (40, 30), chance.randbytes(3600))
    image = small.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return stream.getvalue()
