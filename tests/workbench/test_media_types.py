"""The signature table against files that other people made, and against heads made here."""

import json

import pytest

from tests.shared_data import shared
from workbench.media_types import EMPTY, HEAD_BYTES, UNKNOWN, claimed_kind, sniff

# libmagic gives up on these (expected.json says octet-stream); exiftool and the sources name the type.
BETTER_THAN_LIBMAGIC = {
    "formats/heic/jpeg32.heif": "image/heif",
    "formats/other/drawing.emf": "image/emf",
    "formats/other/hopper.dds": "image/vnd-ms.dds",
    "formats/other/hopper.sgi": "image/sgi",
    "formats/raw/CanonRaw.cr3": "image/x-canon-cr3",
    "formats/raw/Panasonic.rw2": "image/x-panasonic-rw2",
    "video/sample_h263.ts": "video/mp2t",
    "video/sample_h264.ts": "video/mp2t",
}


def ftyp(brand: bytes, *compatible: bytes) -> bytes:
    box = b"ftyp" + brand + b"\0\0\0\0" + b"".join(compatible)
    return (len(box) + 4).to_bytes(4, "big") + box


HEADS = [
    # a brand decides between a picture, a film and a song
    (ftyp(b"heic", b"mif1"), "image/heic", "still"),
    (ftyp(b"mif1", b"mif1", b"heic"), "image/heif", "still"),
    (ftyp(b"mif1", b"avif"), "image/avif", "still"),
    (ftyp(b"isom"), "video/mp4", "video"),
    (ftyp(b"qt  "), "video/quicktime", "video"),
    (ftyp(b"3gp5"), "video/3gpp", "video"),
    (ftyp(b"M4A "), "audio/mp4", "audio"),
    (ftyp(b"crx "), "image/x-canon-cr3", "still"),
    # one envelope, several contents
    (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp", "still"),
    (b"RIFF\x10\0\0\0AVI LIST", "video/x-msvideo", "video"),
    (b"RIFF\x10\0\0\0WAVEfmt ", "audio/x-wav", "audio"),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", "video/webm", "video"),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "video/x-matroska", "video"),
    (b"OggS" + b"\0" * 24 + b"\x80theora", "video/ogg", "video"),
    (b"OggS" + b"\0" * 24 + b"\x01vorbis", "audio/ogg", "audio"),
    ((b"\x47" + b"\0" * 187) * 4, "video/mp2t", "video"),
    (b"\0\0\0\0" + (b"\x47" + b"\0" * 191) * 4, "video/mp2t", "video"),
    # sound without a tag, and with one
    (b"\xff\xfb\x90\x64" + b"\0" * 64, "audio/mpeg", "audio"),
    (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg", "audio"),
    # files that are no media keep a name of their own
    (b"%PDF-1.7\n", "application/pdf", "other"),
    (b"PK\x03\x04\x14\0", "application/zip", "other"),
    (b"<?xml version='1.0'?>\n<svg xmlns=", "image/svg+xml", "still"),
    (b"\xef\xbb\xbf<!DOCTYPE html><html>", "text/html", "other"),
    # texts that begin like pictures are texts
    (b"BM is how this sentence begins, and it goes on for a while.", UNKNOWN.mime, "other"),
    (b"P6 people came to the party", UNKNOWN.mime, "other"),
    (b"\0" * 4096, UNKNOWN.mime, "other"),
    (b"\0\0\1\0 nothing of an icon follows here", UNKNOWN.mime, "other"),
    (b"", EMPTY.mime, "other"),
]


@pytest.mark.parametrize(("head", "mime", "kind"), HEADS)
def test_a_head_is_known_by_its_content(head: bytes, mime: str, kind: str) -> None:
    assert sniff(head) == (mime, kind)


def test_files_of_other_people_are_called_what_other_tools_call_them() -> None:
    root = shared("media")
    expected = json.loads((root / "expected.json").read_text())["files"]
    wrong = {}
    for path, known in expected.items():
        if path.startswith(("formats/", "video/", "orientation/", "pdq/images/")):
            found = sniff((root / path).read_bytes()[:HEAD_BYTES]).mime
            if found != BETTER_THAN_LIBMAGIC.get(path, known["mime"]):
                wrong[path] = (found, known["mime"])
    assert not wrong


def test_every_picture_and_clip_of_the_test_data_is_of_its_kind() -> None:
    root = shared("media")
    expected = json.loads((root / "expected.json").read_text())["files"]
    for path, known in expected.items():
        if known["kind"] in ("image", "video"):
            kind = sniff((root / path).read_bytes()[:HEAD_BYTES]).kind
            assert kind == {"image": "still", "video": "video"}[known["kind"]], path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (b"IMG_0001.JPG", "still"),
        (b"/DCIM/a.b/clip.Mp4", "video"),
        (b"note.m4a", "audio"),
        (b"letter.docx", None),
        (b"no extension", None),
        (b".jpg.exe", None),
        (b"caf\xe9\xff.heic", "still"),
        (b"", None),
    ],
)
def test_a_name_claims_a_kind_by_its_extension_only(name: bytes, kind: str | None) -> None:
    assert claimed_kind(name) == kind
