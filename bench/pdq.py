"""PDQ: a decode at a fraction against full resolution, and our numpy against the C++ reference on the same arrays.

Pictures are drawn here: octaves of noise, 12 megapixels as JPEG, like those of a phone. Needs the yardsticks of
requirements-bench.lock.
"""

import io
import statistics
from collections.abc import Callable
from functools import partial

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from bench.figures import Row, cpu_ms
from workbench.jail import colours, pdq, rendering
from workbench.perceptual import distance

REPEATS = 1
FULL, SMALL = 60, 12  # pictures
SIZES = ((4032, 3024), (3024, 4032), (4000, 2250), (2048, 1536), (1920, 1080), (1600, 1004))
CORNERS = (3, 6, 12, 24, 48, 96)  # cells a side of each octave


def run(*, full: bool) -> list[Row]:
    """Every picture once by each way; drift in bits, milliseconds of CPU."""
    drift, reduced, fast, whole, own, ours, theirs = (list[float]() for _ in range(7))
    for number in range(FULL if full else SMALL):
        data = _jpeg(number)
        pixels = np.asarray(_decoded(data))
        oracle = np.packbits(pdqhash.compute(pixels)[0].astype(bool)).tobytes()
        drift.append(distance(_fast(data), oracle))
        reduced.append(distance(_reduced(pixels), oracle))
        fast.append(cpu_ms(partial(_fast, data)))
        whole.append(cpu_ms(partial(_whole, data, pdqhash.compute)))
        own.append(cpu_ms(partial(_whole, data, pdq.compute)))
        ours.append(cpu_ms(partial(pdq.compute, pixels)))
        theirs.append(cpu_ms(partial(pdqhash.compute, pixels)))
    return [
        Row("fast path against full resolution, bits, p95", _p95(drift), must=6, aim=4),
        Row("fast path against full resolution, bits, most", max(drift), must=10, aim=8),
        Row("divided by whole factors (no JPEG), bits, most", max(reduced), must=10, aim=8),
        _ratio("decode and hash, fast path, ms CPU", fast, whole, must=1 / 6),
        _ratio("the same against our own hash of the whole, ms CPU", fast, own),
        _ratio("hash alone, same array, ms CPU", ours, theirs, must=1 / 2, aim=1 / 3),
    ]


def _ratio(
    figure: str, ours: list[float], yardstick: list[float], must: float | None = None, aim: float | None = None
) -> Row:
    middle, other = (round(statistics.median(values), 3) for values in (ours, yardstick))
    return Row(figure, middle, yardstick=other, must=must and round(must, 3), aim=aim, of_ratio=True)


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]


def _jpeg(number: int) -> bytes:
    random = np.random.default_rng(number)
    size = SIZES[number % len(SIZES)]
    layers = [
        np.asarray(_enlarged(random.integers(0, 256, (cells, cells, 3), dtype=np.uint8), size), dtype=np.float32)
        * 0.62**octave
        for octave, cells in enumerate(CORNERS)
    ]
    mixed = sum(layers) / sum(0.62**octave for octave in range(len(CORNERS)))
    grain = random.normal(0, 5, (size[1], size[0], 1))
    stream = io.BytesIO()
    Image.fromarray((mixed + grain).clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=88)
    return stream.getvalue()


def _enlarged(cells: NDArray[np.uint8], size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)


def _decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    image.load()
    return image


def _whole(data: bytes, compute: Callable[[NDArray[np.uint8]], object]) -> object:
    return compute(np.asarray(_decoded(data)))


def _fast(data: bytes) -> bytes:
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    width, height = image.size
    rendering.load(image)
    return pdq.compute(colours.reduced(image), (height, width))[0]


def _reduced(pixels: NDArray[np.uint8]) -> bytes:
    height, width = pixels.shape[:2]
    return pdq.compute(colours.reduced(Image.fromarray(pixels)), (height, width))[0]
