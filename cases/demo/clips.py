"""PURE: makes short clips: the camera pans over a drawn landscape."""

from io import BytesIO

import av
import numpy as np
from PIL import Image

from cases.demo import landscapes

WIDTH, HEIGHT, RATE = 320, 240, 12  # pixels, pixels, frames a second


def pan(kind: str, seed: int, seconds: int) -> bytes:
    """An MP4 that pans from left to right."""
    wide = landscapes.draw(kind, seed, (WIDTH * 3, HEIGHT))
    frames = seconds * RATE
    steps = [round((wide.width - WIDTH) * frame / (frames - 1)) for frame in range(frames)]
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=RATE, options={"qscale": "4", "flags": "+bitexact"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for left in steps:
            container.mux(stream.encode(_frame(wide, left)))
        container.mux(stream.encode())
    return file.getvalue()


def _frame(wide: Image.Image, left: int) -> av.VideoFrame:
    pixels = np.asarray(wide.crop((left, 0, left + WIDTH, HEIGHT)))
    return av.VideoFrame.from_ndarray(pixels, format="rgb24")
