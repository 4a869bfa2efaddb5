"""PDQ, the perceptual hash of a picture: 256 bits and a quality of 0 to 100. PURE; runs in the jail.

Meta's reference blurs the luminance with two passes of a box filter, keeps 64 x 64 samples, takes the 16 x 16
lowest frequencies and cuts them at their median. Blur and sampling are linear and separable, so here they are one
small matrix for the height and one for the width. Source: facebook/ThreatExchange, pdq/cpp and hashing.pdf; equal to
it bit for bit on the pictures of tests/data/pdq_oracle.json.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.perceptual import PDQ_MIN_QUALITY

MIN_SIDE = 5  # pixels; smaller pictures have no hash
GRID, FREQUENCIES = 64, 16
CACHED = 16  # picture sizes whose weights are kept: at most 1 MiB each
LONGEST = 16_384  # pixels; the filter of a longer side is that of the pixels at hand
LUMINANCE = np.array((0.299, 0.587, 0.114), dtype=np.float32)  # of red, green, blue

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Fingerprint:
    """A picture in 64 x 64 samples of luminance, `samples`, and what follows from them."""

    samples: Floats

    @cached_property
    def quality(self) -> int:
        """0 to 100: how much the samples differ from their neighbours; 0 for a flat picture."""
        steps = (np.diff(self.samples, axis=axis) * np.float32(100) / np.float32(255) for axis in (0, 1))
        return min(100, int(sum(np.abs(np.trunc(step)).sum() for step in steps)) // 90)

    @cached_property
    def hash(self) -> bytes:
        """32 bytes, most significant first as published; empty below PDQ_MIN_QUALITY."""
        return self.bits if self.quality >= PDQ_MIN_QUALITY else b""

    @property
    def bits(self) -> bytes:
        """The 32 bytes whatever the quality."""
        return _bits(self._frequencies)

    @property
    def dihedral(self) -> tuple[bytes, ...]:
        """Eight hashes: of the picture, turned left by 90, 180 and 270 degrees, upside down (mirrored), transposed,
        mirrored left to right, and mirrored at the other diagonal. Empty below PDQ_MIN_QUALITY.

        Made from the frequencies alone, at next to no cost: within 8 bits of the turned picture's own hash.
        """
        if self.quality < PDQ_MIN_QUALITY:
            return ()
        sign = np.where(np.arange(FREQUENCIES) % 2, np.float32(1), np.float32(-1))
        down, across, plain = sign[:, None], sign[None, :], self._frequencies
        turned = (plain, plain.T * down, plain * down * across, plain.T * across)
        mirrored = (plain * down, plain.T, plain * across, plain.T * down * across)
        return tuple(_bits(frequencies) for frequencies in (*turned, *mirrored))

    @cached_property
    def _frequencies(self) -> Floats:
        """16 x 16, vertical ones downwards; the constant part is left out."""
        wave = _waves()
        found: Floats = np.matmul(wave @ self.samples, wave.T)
        return found


def fingerprint(pixels: NDArray[np.uint8], whole: tuple[int, int] | None = None) -> Fingerprint | None:
    """The fingerprint of height x width greys or height x width x 3 colours; None when a side is below MIN_SIDE.

    `whole` is the (height, width) of the picture of which `pixels` are averages over squares, as a JPEG decoded at a
    fraction is: the filter of the whole picture is then laid over them, so the hash stays within 2 bits of its own.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < MIN_SIDE:
        return None
    whole_height, whole_width = (
        of if of <= LONGEST else side for of, side in zip(whole or (height, width), (height, width), strict=True)
    )
    lines = pixels.reshape(height, -1)
    bands = _bands(height, whole_height)
    rows = np.concatenate([weights @ lines[near].astype(np.float32) for near, weights in bands])
    if pixels.ndim == 3:
        rows = rows.reshape(GRID, width, 3) @ LUMINANCE
    return Fingerprint(rows @ _sampling(width, whole_width).T)


def compute(picture: Any, whole: tuple[int, int] | None = None) -> tuple[bytes, int]:
    """(hash, quality) of a picture in grey or RGB, 8 bits each; the hash is empty below PDQ_MIN_QUALITY.

    Takes what numpy takes, Pillow's images too. Colour profile, transparency and EXIF orientation are the caller's.
    """
    found = fingerprint(np.asarray(picture, dtype=np.uint8), whole)
    return (found.hash, found.quality) if found else (b"", 0)


@lru_cache(maxsize=CACHED)
def _sampling(length: int, whole: int) -> Floats:
    """64 x length: the weights with which the pixels of one row or column make its 64 samples.

    The box filter is applied twice; near the border its window is cut, and what is left of it averaged. Each pixel
    stands for ceil(whole / length) pixels of the whole picture and weighs as much as they do together.
    """
    if whole == length == GRID:
        return np.eye(GRID, dtype=np.float32)
    window = (whole + 2 * GRID - 1) // (2 * GRID)
    ahead = (window + 2) // 2  # pixels from the middle one on
    at = np.arange(whole)
    first, end = np.maximum(at + ahead - window, 0), np.minimum(at + ahead, whole)
    share = 1 / (end - first)
    middle = ((np.arange(GRID) + 0.5) * whole / GRID).astype(int)[:, None]
    inner = first[middle] + np.arange(window)  # 64 x window: what the second pass averages
    is_inner = inner < end[middle]
    inner = np.minimum(inner, whole - 1)
    pixel = first[inner][:, :, None] + np.arange(window)  # 64 x window x window: what the first pass had averaged
    counts = is_inner[:, :, None] & (pixel < end[inner][:, :, None])
    weight = np.where(counts, (share[inner] * share[middle])[:, :, None], 0)
    place = np.minimum(pixel // -(-whole // length), length - 1) + length * np.arange(GRID)[:, None, None]
    weights = np.bincount(place.ravel(), weight.ravel(), minlength=GRID * length)
    return weights.reshape(GRID, length).astype(np.float32)


@lru_cache(maxsize=CACHED)
def _bands(length: int, whole: int) -> tuple[tuple[slice, Floats], ...]:
    """The same weights for eight samples at a time, each with the pixels that count for them: an eighth of the work."""
    bands = np.split(_sampling(length, whole), 8)
    touched = [np.flatnonzero(band.any(axis=0)) for band in bands]
    near = [slice(int(at[0]), int(at[-1]) + 1) for at in touched]
    return tuple((part, np.ascontiguousarray(band[:, part])) for part, band in zip(near, bands, strict=True))


@lru_cache(maxsize=1)
def _waves() -> Floats:
    """16 x 64: the discrete cosine transform, without its constant."""
    frequency, place = np.arange(1, FREQUENCIES + 1)[:, None], np.arange(GRID)[None, :]
    waves = np.sqrt(2 / GRID) * np.cos(np.pi / 2 / GRID * frequency * (2 * place + 1))
    return np.asarray(waves, dtype=np.float32)


def _bits(frequencies: Floats) -> bytes:
    """A bit is set where a frequency lies above the (lower) median; the first frequency is the last bit."""
    flat = frequencies.ravel()
    median = np.partition(flat, flat.size // 2 - 1)[flat.size // 2 - 1]
    return np.packbits(flat[::-1] > median).tobytes()
