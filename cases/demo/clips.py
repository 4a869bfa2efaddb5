"""PURE: makes short clips: the camera pans over a drawn landscape."""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cases.demo import landscapes

WIDTH, HEIGHT, RATE = 320, 240, 12  # pixels, pixels, frames a second
SAMPLES = 32_000  # of sound a second


def pan(kind: str, seed: int, seconds: int) -> bytes:
    """An MP4 that pans from left to right."""
    return _film(_panned(kind, seed, seconds))


def scenes(kinds: Sequence[str], seed: int, seconds: int, *, tone: int = 0) -> bytes:
    """An MP4 of several such pans, one after the other, each of so many seconds; with a tone of so many hertz."""
    frames = (frame for number, kind in enumerate(kinds) for frame in _panned(kind, seed + number, seconds))
    return _film(frames, _wave(tone, seconds * len(kinds)) if tone else None)


def _panned(kind: str, seed: int, seconds: int) -> Iterator[av.VideoFrame]:
    wide = landscapes.draw(kind, seed, (WIDTH * 3, HEIGHT))
    frames = seconds * RATE
    for number in range(frames):
        yield _frame(wide, round((wide.width - WIDTH) * number / (frames - 1)))


def _film(frames: Iterable[av.VideoFrame], wave: NDArray[np.float32] | None = None) -> bytes:
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=RATE, options={"qscale": "4", "flags": "+bitexact"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        track = None if wave is None else container.add_stream("aac", rate=SAMPLES, layout="mono")
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if track is not None and wave is not None:
            for start in range(0, len(wave), SAMPLES):
                sound = av.AudioFrame.from_ndarray(wave[None, start : start + SAMPLES], format="fltp", layout="mono")
                sound.sample_rate = SAMPLES
                container.mux(track.encode(sound))
            container.mux(track.encode())
    return file.getvalue()


def _wave(hertz: int, seconds: int) -> NDArray[np.float32]:
    """A quiet tone."""
    at = np.arange(SAMPLES * seconds) / SAMPLES
    return (0.1 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def _frame(wide: Image.Image, left: int) -> av.VideoFrame:
    pixels = np.asarray(wide.crop((left, 0, left + WIDTH, HEIGHT)))
    return av.VideoFrame.from_ndarray(pixels, format="rgb24")
