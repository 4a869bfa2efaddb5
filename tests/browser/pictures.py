"""Harmless pictures for the browser: test charts drawn by the demo's own pens, and lists of their hashes."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

from cases.demo import charts as pens

SIZE = (320, 240)
KINDS = ("bars", "star", "grid", "waves", "balls")


def jpeg(number: int) -> bytes:
    """A chart as JPEG; another number, another picture."""
    stream = io.BytesIO()
    pens.draw(KINDS[number % len(KINDS)], number).resize(SIZE).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def charts(folder: Path, number: int, *, first_seed: int) -> Path:
    """Write that many different charts into the folder, in the order of their names."""
    for place in range(number):
        (folder / f"{place:02d} chart.jpg").write_bytes(jpeg(first_seed + place))
    return folder


def many(folder: Path, number: int) -> Path:
    """Write many small files quickly: different contents, few different looks."""
    looks = [jpeg(seed) for seed in range(20)]
    for place in range(number):
        into = folder / f"{place // 500:03d}"
        if place % 500 == 0:
            into.mkdir(parents=True)
        (into / f"{place:05d}.jpg").write_bytes(looks[place % len(looks)] + b"number %d" % place)
    return folder


def damaged(folder: Path) -> None:
    """Add files that end up in the list of problems."""
    (folder / "cut.jpg").write_bytes(jpeg(7)[:900])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "no picture.jpg").write_bytes(b"hills and rivers\n" * 20)


def hash_list(files: Mapping[Path, str]) -> str:
    """A CSV list that knows these files, each with its category."""
    lines = ["md5,sha1,sha256,size,category"]
    for path, code in files.items():
        data = path.read_bytes()
        digests = [hashlib.new(name, data).hexdigest() for name in ("md5", "sha1", "sha256")]
        lines.append(",".join([*digests, str(len(data)), code]))
    return "\n".join(lines) + "\n"
