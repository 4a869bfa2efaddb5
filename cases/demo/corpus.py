"""PURE: the demo's evidence as files: drawings, exact copies, look-alikes, damaged files, odd names, two clips.

Everything follows from one seed, so every run writes the same bytes.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from random import Random

from PIL import Image, ImageEnhance

from cases.demo import charts, clips, landscapes

SEED = 2026
WALK = ("alpine", "rolling", "coastal", "alpine", "rolling", "alpine", "coastal", "alpine")  # scenes of a film
DONE = ".complete-5"  # another number: other files, drawn anew
SHARED = 26  # first pictures of the phone's queue that the other agency's tablet holds, too
PHONE, LAPTOP, TABLET = "phone", "laptop", "tablet"
DRAWINGS = {  # kind: how many, category of Landscapes T1
    "alpine": (66, "1"),
    "coastal": (66, "2"),
    "balls": (26, "3"),
    "rolling": (56, "5"),
    "bars": (8, "5"),
    "star": (8, "5"),
    "grid": (10, "5"),
    "waves": (10, "5"),
}
ODD_NAMES = (
    "Ostsee 夕焼け 🌅.jpg".encode(),
    b"two\nlines.jpg",
    "photo\u202egpj.exe".encode(),
    b"=1+1.jpg",
    b"+cmd|' -C calc'!A0.jpg",
    b"@SUM(A1).jpg",
    b"-rf.jpg",
    b"caf\xe9.jpg",
    "תמונה.jpg".encode(),
    b" leading and trailing .jpg ",
    b"quote'\"<b>&amp;.jpg",
    b"long " + b"n" * 240 + b".jpg",
)


@dataclass(frozen=True, slots=True, order=True)
class Drawing:
    """One picture as bytes, with the category somebody would give it."""

    data: bytes
    code: str


@dataclass(slots=True)
class Corpus:
    """Where the demo's files lie, and the list that knows a third of the pictures."""

    root: Path
    reference: Path
    folders: dict[str, Path] = field(default_factory=dict)


def build(root: Path, tell: Callable[[int, int], None] = lambda _done, _total: None) -> Corpus:
    """Write the files below `root`, once; `tell` gets pictures drawn so far and in all."""
    corpus = Corpus(root, root / "reference.csv", {name: root / name for name in (PHONE, LAPTOP, TABLET)})
    if not (root / DONE).exists():
        random = Random(SEED)  # noqa: S311 pictures, not secrets
        drawings = list(_drawings(tell))
        random.shuffle(drawings)
        for name, data in _files(random, drawings):
            _write(root, name, data)
        corpus.reference.write_bytes(_reference(drawings))
        (root / DONE).touch()
    return corpus


def _drawings(tell: Callable[[int, int], None]) -> Iterator[Drawing]:
    """Every drawing, made by two threads."""
    plans = [(kind, SEED * 1000 + place, code) for kind, (number, code) in DRAWINGS.items() for place in range(number)]
    with ThreadPoolExecutor(2) as pool:
        for done, drawing in enumerate(pool.map(_drawn, plans), 1):
            tell(done, len(plans))
            yield drawing


def _drawn(plan: tuple[str, int, str]) -> Drawing:
    kind, seed, code = plan
    picture = charts.draw(kind, seed) if kind in charts.KINDS else landscapes.draw(kind, seed)
    return Drawing(_jpeg(picture), code)


def _jpeg(picture: Image.Image, quality: int = 88) -> bytes:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _files(random: Random, drawings: list[Drawing]) -> Iterator[tuple[bytes, bytes]]:
    """Name and bytes of every file: the phone's camera, what was sent about, a laptop with old backups, a tablet."""
    camera, sent, album, tablet = drawings[:96], drawings[96:130], drawings[130:232], drawings[232:]
    roll = sorted((_camera_name(place), drawing) for place, drawing in enumerate(camera))
    yield from ((f"{PHONE}/DCIM/Camera/{name}".encode(), drawing.data) for name, drawing in roll)
    for place, drawing in enumerate([*sent, *random.sample(camera, 22)]):
        yield f"{PHONE}/WhatsApp Images/IMG-20241003-WA{place:04}.jpg".encode(), drawing.data
    for place, data in enumerate(_look_alikes(random.sample(camera, 12))):
        yield f"{PHONE}/Pictures/Edited/edit_{place:03}.jpg".encode(), data
    for place, drawing in enumerate(album):
        trip = ("Holiday 2023", "Walks", "Screens and charts")[place % 3]
        yield f"{LAPTOP}/Users/kestrel/Pictures/{trip}/DSC_{place + 4100:04}.JPG".encode(), drawing.data
    for place, drawing in enumerate(random.sample([*camera, *sent], 44)):
        yield f"{LAPTOP}/Old phone backup/{place % 4}/IMG_{place:04}.jpg".encode(), drawing.data
    for name, drawing in zip(ODD_NAMES, random.sample(album, len(ODD_NAMES)), strict=True):
        yield f"{LAPTOP}/Users/kestrel/Desktop/".encode() + name, drawing.data
    yield from _damaged(album)
    yield f"{PHONE}/DCIM/Camera/VID_20240914_101500.mp4".encode(), clips.scenes(WALK, SEED, 2)
    yield f"{LAPTOP}/Users/kestrel/Videos/ridge walk.mp4".encode(), clips.pan("alpine", SEED + 1, 4)
    first = [drawing for _name, drawing in roll[:SHARED]]
    for place, drawing in enumerate([*tablet, *first, *random.sample(sent, 10)]):
        yield f"{TABLET}/Gallery/{place:04}.jpg".encode(), drawing.data


def _camera_name(place: int) -> str:
    clock = f"{place * 137 % 24:02}{place * 61 % 60:02}{place * 31 % 60:02}"
    return f"IMG_202409{place * 7919 % 28 + 1:02}_{clock}.jpg"


def _look_alikes(originals: list[Drawing]) -> Iterator[bytes]:
    """Each picture smaller, paler and saved more coarsely: other bytes, the same view."""
    for original in originals:
        picture = Image.open(BytesIO(original.data))
        yield _jpeg(picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)))
        yield _jpeg(ImageEnhance.Brightness(picture).enhance(1.12))
        yield _jpeg(picture, 55)


def _damaged(album: list[Drawing]) -> Iterator[tuple[bytes, bytes]]:
    """What a card reader brings home from a worn card, and files that are not what their names say."""
    whole = [drawing.data for drawing in album[:12]]
    flipped = bytearray(whole[3])
    flipped[len(flipped) // 2 : len(flipped) // 2 + 64] = bytes(64)
    png = BytesIO()
    Image.open(BytesIO(whole[4])).save(png, "PNG")
    damaged = {
        "truncated at 60 percent.jpg": whole[0][: len(whole[0]) * 6 // 10],
        "truncated at 20 percent.jpg": whole[1][: len(whole[1]) // 5],
        "header only.jpg": whole[2][:180],
        "zeroes inside.jpg": bytes(flipped),
        "empty.jpg": b"",
        "really a png.jpg": png.getvalue(),
        "picture without an extension": whole[5] + b"\0",
        "picture as text.txt": whole[6] + b"\0\0",
        "text as picture.jpg": b"This is a text, whatever its name says.\n",
        "noise.jpg": b"\xff\xd8\xff\xe0" + hashlib.sha512(b"noise").digest() * 40,
        "clip cut short.mp4": clips.pan("rolling", SEED + 2, 2)[:9000],
        "notes.txt": b"Buy batteries.\n",
        "thumbs.db": hashlib.sha512(b"thumbs").digest() * 8,
    }
    for name, data in damaged.items():
        yield f"{LAPTOP}/Recovered/{name}".encode(), data


def _write(root: Path, name: bytes, data: bytes) -> None:
    path = os.path.join(os.fsencode(root), name)  # noqa: PTH118 names are bytes
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(data)


def _reference(drawings: list[Drawing]) -> bytes:
    """A list that knows every third drawing."""
    lines = ["md5,sha1,sha256,size,category"]
    for drawing in drawings[::3]:
        digests = (
            hashlib.new(kind, drawing.data, usedforsecurity=False).hexdigest() for kind in ("md5", "sha1", "sha256")
        )
        lines.append(",".join([*digests, str(len(drawing.data)), drawing.code]))
    return "\r\n".join([*lines, ""]).encode()
