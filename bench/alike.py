"""How far PDQ takes a picture from what people did to it, and what else lies as near: recall and precision over bits.

Motifs are the demo's drawn landscapes and charts and, where they lie beside the checkout, the photographs of the public
test data. Each is saved anew, made smaller, cropped, framed, captioned, brightened, softened. With `full` the curve is
drawn into docs/.
"""

import io
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps, UnidentifiedImageError

from bench import plot
from bench.figures import Row

REPEATS = 1
FULL, SMALL = 400, 40  # drawn motifs
MOST = 60  # bits of the curve
LIMITS = (16, 31)  # the settings in force: what one look decides, what is shown in one stack
PHOTOGRAPHS = Path(__file__).resolve().parents[2] / "shared" / "data" / "media"
CHARTS = ("grid", "balls", "waves")  # bars and stars come in so few designs that two seeds may draw the same one
SMALLEST = 200  # pixels a side of a photograph; less has no detail to lose

Picture = Image.Image
Hashes = NDArray[np.uint8]
Marks = NDArray[np.bool_]


def _saved(quality: int) -> Callable[[Picture], Picture]:
    def change(picture: Picture) -> Picture:
        written = io.BytesIO()
        picture.save(written, "JPEG", quality=quality)
        return Image.open(written).convert("RGB")

    return change


def _smaller(share: float) -> Callable[[Picture], Picture]:
    return lambda picture: picture.resize((round(picture.width * share), round(picture.height * share)))


def _cropped(share: float) -> Callable[[Picture], Picture]:
    """Cut a share of each side away, more at the left and the top than at the others."""

    def change(picture: Picture) -> Picture:
        width, height = picture.size
        return picture.crop((round(width * share * 1.2), round(height * share * 1.2),
                             round(width * (1 - share * 0.8)), round(height * (1 - share * 0.8))))  # fmt: skip

    return change


def _framed(share: float) -> Callable[[Picture], Picture]:
    return lambda picture: ImageOps.expand(picture, round(min(picture.size) * share), "white")


def _captioned(share: float) -> Callable[[Picture], Picture]:
    """A dark strip along the lower edge, with something written on it."""

    def change(picture: Picture) -> Picture:
        changed, (width, height) = picture.copy(), picture.size
        strip = ImageDraw.Draw(changed)
        strip.rectangle((0, round(height * (1 - share)), width, height), fill=(24, 24, 24))
        strip.text((8, round(height * (1 - share / 1.5))), "harbour, evening, 2026", fill=(240, 240, 240))
        return changed

    return change


FAMILIES: dict[str, tuple[Callable[[Picture], Picture], ...]] = {
    "saved again": (_saved(80), _saved(40), _saved(15)),
    "smaller": (_smaller(0.5), _smaller(0.2)),
    "brighter, softer": (
        lambda picture: ImageEnhance.Brightness(picture).enhance(1.4),
        lambda picture: picture.filter(ImageFilter.GaussianBlur(3)),
    ),
    "caption 6 %": (_captioned(0.06),),
    "caption 12 %": (_captioned(0.12),),
    "frame 2 %": (_framed(0.02),),
    "frame 5 %": (_framed(0.05),),
    "crop 2 %": (_cropped(0.02),),
    "crop 5 %": (_cropped(0.05),),
    "crop 10 %": (_cropped(0.10),),
}


def run(*, full: bool) -> list[Row]:
    """400 drawn motifs with `full`, else 40; the photographs always."""
    hashes, motif, family = _pictures(FULL if full else SMALL)
    recall = {name: _recall(hashes, motif, family == number) for number, name in enumerate(FAMILIES, 1)}
    precision = _precision(hashes, motif)
    if full:
        plot.alike(recall, precision, LIMITS)
    return [
        Row("pictures", len(hashes)),
        Row("motifs", len(np.unique(motif))),
        *(Row(f"recall at {bits}, {name}", round(recall[name][bits], 4)) for name in FAMILIES for bits in LIMITS),
        *(Row(f"precision at {bits}, pairs", round(precision[bits], 4)) for bits in LIMITS),
        *_stacked(hashes, motif),
    ]


def _pictures(drawn: int) -> tuple[Hashes, NDArray[np.int64], NDArray[np.int64]]:
    """Of each picture its PDQ, motif and family (0: the original); those too plain for a hash are left out."""
    from workbench.jail import pdq

    hashes, motifs, families = list[bytes](), list[int](), list[int]()
    for motif, picture in enumerate(_motifs(drawn)):
        made = [(0, picture)] + [(n, do(picture)) for n, some in enumerate(FAMILIES.values(), 1) for do in some]
        for family, changed in made:
            found, _quality = pdq.compute(changed)
            if found:
                hashes.append(found)
                motifs.append(motif)
                families.append(family)
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32), np.array(motifs), np.array(families)


def _motifs(drawn: int) -> Iterator[Picture]:
    from cases.demo import charts, landscapes

    kinds = [*landscapes.KINDS, *CHARTS]
    for number, seed in zip(range(drawn), count(9000)):
        kind = kinds[number % len(kinds)]
        yield (landscapes if kind in landscapes.KINDS else charts).draw(kind, seed).convert("RGB")
    yield from _photographs()


def _photographs() -> Iterator[Picture]:
    """One of each set of pictures that show the same, of at least SMALLEST pixels a side."""
    import json

    listed = PHOTOGRAPHS / "expected.json"
    if not listed.exists():
        return
    for names in json.loads(listed.read_text())["groups"]["same_picture"].values():
        for name in names:
            try:
                picture = Image.open(PHOTOGRAPHS / name).convert("RGB")
            except (OSError, UnidentifiedImageError, ValueError):
                continue
            if min(picture.size) >= SMALLEST:
                picture.thumbnail((1024, 1024))
                yield picture
                break


def _recall(hashes: Hashes, motif: NDArray[np.int64], of_family: Marks) -> list[float]:
    """By bits: the share of the family's pictures that lie within so many of their original."""
    original = {int(number): place for place, number in reversed(list(enumerate(motif)))}  # the first of each motif
    changed = np.flatnonzero(of_family)
    against = np.array([original[int(motif[place])] for place in changed])
    away = _bits(hashes[changed], hashes[against])
    return [float((away <= bits).mean()) for bits in range(MOST + 1)]


def _precision(hashes: Hashes, motif: NDArray[np.int64]) -> list[float]:
    """By bits: the share of pairs within so many that show the same motif."""
    same, every = np.zeros(MOST + 1, np.int64), np.zeros(MOST + 1, np.int64)
    for place in range(len(hashes) - 1):
        away = _bits(hashes[place + 1 :], hashes[place])
        near = away <= MOST
        every += np.bincount(away[near], minlength=MOST + 1)
        same += np.bincount(away[near & (motif[place + 1 :] == motif[place])], minlength=MOST + 1)
    return [float(part / max(1, whole)) for part, whole in zip(same.cumsum(), every.cumsum(), strict=True)]


def _stacked(hashes: Hashes, motif: NDArray[np.int64]) -> Iterator[Row]:
    """The stacks of these pictures, by what one look decides: looks, and what would be decided wrongly."""
    from cases.stacking.gathering import gather

    for reach in (8, 12, 16, 20, 24, 31):
        found = gather(hashes, fixed=0, reach=reach, shown=LIMITS[1])
        within = found.distance <= reach
        others = motif[found.leader] != motif
        looks = int((~within).sum() + (found.leader == np.arange(len(motif))).sum())
        yield Row(f"one look decides to {reach}: looks a picture", round(looks / len(motif), 4))
        yield Row(f"one look decides to {reach}: decided with another motif", int((within & others).sum()))
    yield Row("shown in a stack of another motif", int(others.sum()))


def _bits(some: Hashes, others: Any) -> NDArray[np.int64]:
    counted: NDArray[np.int64] = np.bitwise_count(some ^ others).sum(axis=1, dtype=np.int64)
    return counted
