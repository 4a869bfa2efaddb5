"""`python -m bench.bare EVIDENCE --full --out FILE`: the yardstick, brought to the outputs of our ingest.

The least Python that does the job, as it came, makes a thumbnail and stores nothing. Here it makes what we make:
the clear preview of at most 640 pixels, the veil, PDQ of the same picture, and a copy of every new file in a store.
It has no separate process, no limits, no metadata and no second frame of a film.
"""

import hashlib
import importlib
import io
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.tools import TOOLS

LONGEST, VEIL_CELLS, VEIL_SIZE = 640, (16, 12), (64, 48)
Hashed = tuple[str, int, bytes, bytes, bytes, str | None]
Decoded = tuple[str, bytes | None, int, int, str | None]


def main() -> None:
    """Run the yardstick with our outputs in place of its own."""
    sys.path.insert(0, str(TOOLS))
    bare = importlib.import_module("bare_ingest")
    with tempfile.TemporaryDirectory(prefix="winnow-bare-") as folder:
        store = Path(folder)
        bare.hash_batch = lambda paths: hash_batch(paths, bare.sniff, store)  # type: ignore[attr-defined]
        bare.media_batch = lambda items: media_batch(items, store)  # type: ignore[attr-defined]
        bare.main()


def hash_batch(paths: list[str], sniff: Any, store: Path) -> tuple[list[Hashed], float]:
    """Hash files in one read each and keep the new ones; returns rows and CPU seconds."""
    began, rows = time.process_time(), list[Hashed]()
    for path in paths:
        data = Path(path).read_bytes()
        md5, sha1, sha256 = (hashlib.new(name, data).digest() for name in ("md5", "sha1", "sha256"))
        _keep(store / sha256.hex(), data)
        rows.append((path, len(data), md5, sha1, sha256, sniff(data[:16])))
    return rows, time.process_time() - began


def _keep(path: Path, data: bytes) -> None:
    if not path.exists():
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def media_batch(items: list[tuple[str, str]], store: Path) -> tuple[list[Decoded], dict[str, float]]:
    """Decode files and make their pictures; returns rows and CPU seconds by stage."""
    spent = {"decode": 0.0, "thumb": 0.0, "pdq": 0.0}
    return [_one(path, kind, store, spent) for path, kind in items], spent


def _one(path: str, kind: str, store: Path, spent: dict[str, float]) -> Decoded:
    import numpy as np
    import pdqhash

    try:
        clock = [time.process_time()]
        picture = _picture(path, kind)
        clock.append(time.process_time())
        size = _pictures(picture, store / f"{abs(hash(path))}.jpg")
        clock.append(time.process_time())
        bits, quality = pdqhash.compute(np.asarray(picture))
        clock.append(time.process_time())
    except Exception as error:  # whatever a decoder says of a damaged file: the row keeps its name
        return path, None, 0, 0, type(error).__name__
    for stage, before, after in zip(spent, clock, clock[1:], strict=False):
        spent[stage] += after - before
    return path, np.packbits(bits).tobytes(), quality, size, None


def _picture(path: str, kind: str) -> Any:
    """The picture in RGB, its longest side at most LONGEST; of a film its first frame."""
    from PIL import Image

    if kind == "mp4":
        import av

        with av.open(path) as film:
            image = next(film.decode(film.streams.video[0])).to_image()  # type: ignore[no-untyped-call]
    else:
        image = Image.open(path)
        if kind == "jpeg":
            image.draft("RGB", (LONGEST, LONGEST))
        image = image.convert("RGB")
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return image


def _pictures(picture: Any, preview: Path) -> int:
    """Write preview and veil; the preview's size in bytes."""
    from PIL import Image

    stream, veiled = io.BytesIO(), io.BytesIO()
    picture.save(stream, "JPEG", quality=80)
    preview.write_bytes(stream.getvalue())
    cells = picture.resize(VEIL_CELLS, Image.Resampling.BILINEAR, reducing_gap=3.0).convert("L")
    cells.resize(VEIL_SIZE, Image.Resampling.BICUBIC).save(veiled, "WEBP", quality=30, method=2)
    return len(stream.getvalue())


if __name__ == "__main__":
    main()
