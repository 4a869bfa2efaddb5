"""PURE: makes short clips: the camera pans over a drawn landscape."""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO

import av
import numpy as np
from PIL import Image

from cases.demo import landscapes

WIDTH, HEIGHT, RATE = 320, 240, 12  # pixels, pixels, frames a second


def pan(kind: str, seed: int, seconds: int) -> bytes:
    """An MP4 that pans from left to right."""
    return _film(_panned(kind, seed, seconds))


def scenes(kinds: Sequence[str], seed: int, seconds: int) -> bytes:
    """An MP4 of several such pans, one after the other, each of so many seconds."""
    return _film(frame for number, kind in enumerate(kinds) for frame in _panned(kind, seed + number, seconds))


def _panned(kind: str, seed: int, seconds: int) -> Iterator[av.VideoFrame]:
    wide = landscapes.draw(kind, seed, (WIDTH * 3, HEIGHT))
    frames = seconds * RATE
    for number in range(frames):
        yield _frame(wide, round((wide.width - WIDTH) * number / (frames - 1)))


def _film(frames: Iterable[av.VideoFrame]) -> bytes:
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=RATE, options={"qscale": "4", "flags": "+bitexact"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def _frame(wide: Image.Image, left: int) -> av.VideoFrame:
    pixels = np.asarray(wide.crop((left, 0, left + WIDTH, HEIGHT)))
    return av.VideoFrame.from_ndarray(pixels, format="rgb24")
