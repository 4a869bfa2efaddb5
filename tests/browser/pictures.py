"""Harmless pictures for the browser: test charts drawn by the demo's own pens, and lists of their hashes."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from itertools import count, islice
from pathlib import Path

import av
from PIL import Image

from cases.demo import charts as pens
from workbench.jail.pdq import compute
from workbench.perceptual import PDQ_MAX_DISTANCE, distance

SIZE = (320, 240)
KINDS = ("bars", "star", "grid", "waves", "balls")


def jpeg(number: int) -> bytes:
    """A chart as JPEG; another number, another picture."""
    stream = io.BytesIO()
    pens.draw(KINDS[number % len(KINDS)], number).resize(SIZE).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def charts(folder: Path, number: int, *, first_seed: int) -> Path:
    """Write that many charts into the folder, in the order of their names; no two of them look alike."""
    for place, data in enumerate(islice(_unlike(first_seed), number)):
        (folder / f"{place:02d} chart.jpg").write_bytes(data)
    return folder


def _unlike(seed: int) -> Iterator[bytes]:
    """Charts from a seed on, without those that resemble one before."""
    taken = list[bytes]()
    for data in map(jpeg, count(seed)):
        with Image.open(io.BytesIO(data)) as picture:
            value, _quality = compute(picture.convert("RGB"))
        if not value or all(distance(value, other) > PDQ_MAX_DISTANCE for other in taken):
            taken += [value] if value else []
            yield data


def alike(folder: Path, number: int, *, seed: int) -> Path:
    """Write copies of one chart that look alike, each of other bytes."""
    for place in range(number):
        with Image.open(io.BytesIO(jpeg(seed))) as picture:
            picture.save(folder / f"{place:02d} alike.jpg", quality=90 - 4 * place)
    return folder


def damaged(folder: Path) -> None:
    """Add files that end up in the list of problems."""
    (folder / "cut.jpg").write_bytes(jpeg(7)[:900])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "no picture.jpg").write_bytes(b"hills and rivers\n" * 20)


def cut_film(film: bytes, share: float) -> bytes:
    """The film in another container, of which only the beginning came."""
    whole = io.BytesIO()
    with av.open(io.BytesIO(film), "r") as source, av.open(whole, "w", format="matroska") as target:
        track = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = track
                target.mux(packet)
    return whole.getvalue()[: int(len(whole.getvalue()) * share)]


def hash_list(files: Mapping[Path, str]) -> str:
    """A CSV list that knows these files, each with its category."""
    lines = ["md5,sha1,sha256,size,category"]
    for path, code in files.items():
        data = path.read_bytes()
        digests = [hashlib.new(name, data).hexdigest() for name in ("md5", "sha1", "sha256")]
        lines.append(",".join([*digests, str(len(data)), code]))
    return "\n".join(lines) + "\n"
