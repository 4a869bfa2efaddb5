"""PURE: what a file is, by its first bytes; and what its name claims it to be.

The content decides, never the extension (security.md rule 2.7). The table is our own, because the usual
libraries call HEIC a video and do not know camera raw; decoding in the jail confirms or refutes it.
"""

import re
from typing import NamedTuple

HEAD_BYTES = 4096  # bytes from the start of the file that `sniff` wants to see


class MediaType(NamedTuple):
    """A MIME type and the kind it belongs to: still, video, audio or other."""

    mime: str
    kind: str


UNKNOWN = MediaType("application/octet-stream", "other")
EMPTY = MediaType("inode/x-empty", "other")

# (offset in bytes, signature, type); the first that fits wins, so the longer come first.
SIGNATURES: tuple[tuple[int, bytes, MediaType], ...] = (
    (0, b"\xff\xd8\xff", MediaType("image/jpeg", "still")),
    (0, b"\x89PNG\r\n\x1a\n", MediaType("image/png", "still")),
    (0, b"GIF87a", MediaType("image/gif", "still")),
    (0, b"GIF89a", MediaType("image/gif", "still")),
    (8, b"CR\x02\x00", MediaType("image/x-canon-cr2", "still")),
    (6, b"HEAPCCDR", MediaType("image/x-canon-crw", "still")),
    (0, b"IIU\x00", MediaType("image/x-panasonic-rw2", "still")),
    (0, b"IIRO", MediaType("image/x-olympus-orf", "still")),
    (0, b"FUJIFILMCCD-RAW", MediaType("image/x-fuji-raf", "still")),
    (0, b"II*\x00", MediaType("image/tiff", "still")),
    (0, b"MM\x00*", MediaType("image/tiff", "still")),
    (0, b"II+\x00", MediaType("image/tiff", "still")),
    (0, b"MM\x00+", MediaType("image/tiff", "still")),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", MediaType("image/jp2", "still")),
    (0, b"\xff\x4f\xff\x51", MediaType("image/x-jp2-codestream", "still")),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", MediaType("image/jxl", "still")),
    (0, b"\xff\x0a", MediaType("image/jxl", "still")),
    (0, b"8BPS", MediaType("image/vnd.adobe.photoshop", "still")),
    (0, b"icns", MediaType("image/x-icns", "still")),
    (0, b"qoif", MediaType("image/x-qoi", "still")),
    (0, b"DDS ", MediaType("image/vnd-ms.dds", "still")),
    (0, b"\x01\xda\x00", MediaType("image/sgi", "still")),
    (0, b"\x01\xda\x01", MediaType("image/sgi", "still")),
    (0, b"\xb1\x68\xde\x3a", MediaType("image/x-dcx", "still")),
    (0, b"/* XPM */", MediaType("image/x-xpixmap", "still")),
    (0, b"\xd7\xcd\xc6\x9a", MediaType("image/wmf", "still")),
    (40, b" EMF", MediaType("image/emf", "still")),
    (0, b"FLV\x01", MediaType("video/x-flv", "video")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", MediaType("video/x-ms-asf", "video")),
    (0, b"\x00\x00\x01\xba", MediaType("video/mpeg", "video")),
    (0, b"\x00\x00\x01\xb3", MediaType("video/mpeg", "video")),
    (0, b".RMF", MediaType("application/vnd.rn-realmedia", "video")),
    (0, b"ID3", MediaType("audio/mpeg", "audio")),
    (0, b"fLaC", MediaType("audio/flac", "audio")),
    (0, b"#!AMR", MediaType("audio/amr", "audio")),
    (0, b"MThd", MediaType("audio/midi", "audio")),
    (0, b"%PDF-", MediaType("application/pdf", "other")),
    (0, b"%!PS", MediaType("application/postscript", "other")),
    (0, b"PK\x03\x04", MediaType("application/zip", "other")),
    (0, b"PK\x05\x06", MediaType("application/zip", "other")),
    (0, b"7z\xbc\xaf\x27\x1c", MediaType("application/x-7z-compressed", "other")),
    (0, b"Rar!\x1a\x07", MediaType("application/x-rar", "other")),
    (0, b"\x1f\x8b", MediaType("application/gzip", "other")),
    (0, b"BZh", MediaType("application/x-bzip2", "other")),
    (0, b"\xfd7zXZ\x00", MediaType("application/x-xz", "other")),
    (0, b"\x28\xb5\x2f\xfd", MediaType("application/zstd", "other")),
    (257, b"ustar", MediaType("application/x-tar", "other")),
    (0, b"EVF\x09\x0d\x0a\xff\x00", MediaType("application/x-ewf", "other")),
    (0, b"SQLite format 3\x00", MediaType("application/vnd.sqlite3", "other")),
)

# What the jail opens as archives; and what is one that it does not open.
ARCHIVES = frozenset(
    "application/" + name for name in ("zip", "x-tar", "x-7z-compressed", "gzip", "x-bzip2", "x-xz", "zstd")
)
CLOSED_ARCHIVES = frozenset({"application/x-rar"})
ARCHIVE_NAMES = frozenset(b"zip zipx jar apk tar tgz tbz tbz2 txz gz bz2 xz zst 7z".split())

# Major brand of an ISO base media file -> type; every brand not named here is a film.
FTYP_BRANDS: dict[bytes, MediaType] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), MediaType("image/heic", "still")),
    **dict.fromkeys((b"mif1", b"msf1", b"jpeg", b"jpgs", b"miaf"), MediaType("image/heif", "still")),
    **dict.fromkeys((b"avif", b"avis"), MediaType("image/avif", "still")),
    b"crx ": MediaType("image/x-canon-cr3", "still"),
    b"qt  ": MediaType("video/quicktime", "video"),
    b"M4V ": MediaType("video/x-m4v", "video"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), MediaType("audio/mp4", "audio")),
}
RIFF_TYPES: dict[bytes, MediaType] = {
    b"WEBP": MediaType("image/webp", "still"),
    b"AVI ": MediaType("video/x-msvideo", "video"),
    b"WAVE": MediaType("audio/x-wav", "audio"),
}
NETPBM = {b"14": "bitmap", b"25": "greymap", b"36": "pixmap"}
TOP_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # QuickTime files older than `ftyp`
TGA_KINDS = (1, 2, 3, 9, 10, 11)
TGA_DEPTHS = (8, 15, 16, 24, 32)


def sniff(head: bytes) -> MediaType:
    """The type by content, from the first `HEAD_BYTES` bytes; `UNKNOWN` when no signature fits."""
    if not head:
        return EMPTY
    for offset, signature, media in SIGNATURES:
        if head.startswith(signature, offset):
            return media
    for look in (
        _iso_media,
        _riff,
        _ebml,
        _ogg,
        _transport_stream,
        _bmp,
        _icon,
        _mpeg_audio,
        _netpbm,
        _pcx,
        _text,
        _tga,
    ):
        found = look(head)
        if found:
            return found
    return UNKNOWN


def claimed_kind(raw_name: bytes) -> str | None:
    """The kind that the name's extension claims, or None when it claims nothing we know."""
    _, dot, extension = raw_name.rpartition(b".")
    return EXTENSIONS.get(extension.lower()) if dot else None


def is_archive(mime: str, raw_name: bytes) -> bool:
    """Whether to look for members: by the content or, where that says nothing, by what the name claims."""
    if mime == UNKNOWN.mime:  # bytes in front of a zip, a part of one, a tar older than its signature
        return raw_name.rpartition(b".")[2].lower() in ARCHIVE_NAMES
    return mime in ARCHIVES


def _iso_media(head: bytes) -> MediaType | None:
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    if head[4:8] in TOP_BOXES:
        return MediaType("video/quicktime", "video")
    return None


def _by_brands(head: bytes) -> MediaType:
    """The major brand decides; a bare `mif1` says only "a picture", so its compatible brands are asked too."""
    major = head[8:12]
    box = head[16 : max(16, min(int.from_bytes(head[:4], "big"), 256))]
    compatible = {box[at : at + 4] for at in range(0, len(box), 4)}
    if major in (b"mif1", b"msf1") and compatible & {b"avif", b"avis"}:
        return FTYP_BRANDS[b"avif"]
    if major.startswith((b"3gp", b"3g2", b"3gr", b"3gs")):
        return MediaType("video/3gpp", "video")
    return FTYP_BRANDS.get(major, MediaType("video/mp4", "video"))


def _riff(head: bytes) -> MediaType | None:
    return RIFF_TYPES.get(head[8:12]) if head[:4] in (b"RIFF", b"RIFX") else None


def _ebml(head: bytes) -> MediaType | None:
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    at = head.find(b"\x42\x82", 4, 256)  # DocType
    webm = at > 0 and head[at + 3 : at + 7] == b"webm"
    return MediaType("video/webm" if webm else "video/x-matroska", "video")


def _ogg(head: bytes) -> MediaType | None:
    if head[:4] != b"OggS":
        return None
    if any(codec in head for codec in (b"\x80theora", b"OVP80", b"BBCD\x00", b"video\x00\x00\x00")):
        return MediaType("video/ogg", "video")
    return MediaType("audio/ogg", "audio")


def _transport_stream(head: bytes) -> MediaType | None:
    """Packets of 188 bytes that begin with 0x47, or of 192 with a time stamp before each (Blu-ray, AVCHD)."""
    for first, step in ((0, 188), (4, 192)):
        if len(head) > first + 2 * step and all(head[first + n * step] == 0x47 for n in range(3)):
            return MediaType("video/mp2t", "video")
    return None


def _bmp(head: bytes) -> MediaType | None:
    """`BM` alone begins many texts: the size of the header behind it has to be one that exists."""
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in (12, 16, 40, 52, 56, 64, 108, 124):
        return MediaType("image/bmp", "still")
    if head[:2] == b"(\x00" and head[2:4] == b"\x00\x00" and head[12:14] == b"\x01\x00":
        return MediaType("image/bmp", "still")  # a bitmap without its file header
    return None


def _icon(head: bytes) -> MediaType | None:
    if head[:2] != b"\x00\x00" or head[3:4] != b"\x00" or len(head) < 22:
        return None
    count, reserved, offset = head[4] | head[5] << 8, head[9], int.from_bytes(head[18:22], "little")
    if not count or reserved not in (0, 255) or offset < 22:
        return None
    names = {1: "image/vnd.microsoft.icon", 2: "image/x-win-bitmap"}
    return MediaType(names[head[2]], "still") if head[2] in names else None


def _mpeg_audio(head: bytes) -> MediaType | None:
    """The eleven set bits of an MPEG audio frame, with a layer, bit rate and sampling rate that exist."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:
        return MediaType("audio/aac", "audio")
    version, layer, rate, sampling = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 0 or rate in (0, 15) or sampling == 3:
        return None
    return MediaType("audio/mpeg", "audio")


def _netpbm(head: bytes) -> MediaType | None:
    if head[:1] != b"P" or head[2:3] not in (b" ", b"\n", b"\r", b"\t"):
        return None
    for digits, name in NETPBM.items():
        if head[1:2] in (digits[:1], digits[1:]) and re.match(rb"[\s#]*[\d#]", head[2:64]):
            return MediaType(f"image/x-portable-{name}", "still")
    return None


def _pcx(head: bytes) -> MediaType | None:
    if len(head) >= 128 and head[0] == 10 and head[1] in (0, 2, 3, 4, 5) and head[2] == 1 and head[3] in (1, 2, 4, 8):
        return MediaType("image/x-pcx", "still")
    return None


def _text(head: bytes) -> MediaType | None:
    """Drawings and pages are named so that a person can be told; nothing of the sort is ever rendered."""
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start.startswith(b"<"):
        return None
    if start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!")) and b"<svg" in head.lower()):
        return MediaType("image/svg+xml", "still")
    if start.startswith((b"<!doctype html", b"<html")):
        return MediaType("text/html", "other")
    return MediaType("text/xml", "other") if start.startswith(b"<?xml") else None


def _tga(head: bytes) -> MediaType | None:
    """Targa has no signature: a header whose every field makes sense has to do, so it is asked last."""
    if len(head) < 18 or head[1] > 1 or head[2] not in TGA_KINDS or head[16] not in TGA_DEPTHS:
        return None
    colour_map = head[3:8]
    sensible_map = colour_map[4] in TGA_DEPTHS if head[1] else not any(colour_map)
    width, height = head[12] | head[13] << 8, head[14] | head[15] << 8
    if sensible_map and width and height and head[17] & 0xC0 == 0 and (head[2] & 3 == 1) == bool(head[1]):
        return MediaType("image/x-tga", "still")
    return None


def _extensions(kind: str, names: str) -> dict[bytes, str]:
    return dict.fromkeys(names.encode().split(), kind)


EXTENSIONS: dict[bytes, str] = {
    **_extensions(
        "still",
        "jpg jpeg jpe jfif jif mpo png apng gif webp tif tiff bmp dib heic heif hif avif avifs jp2 j2k jpf jpx jxl ico "
        "cur pcx dcx tga icb vda sgi rgb bw ppm pgm pbm pnm psd psb dds icns qoi xpm svg svgz wmf emf dng cr2 cr3 crw "
        "nef nrw arw srf sr2 raf rw2 orf pef srw x3f raw jps",
    ),
    **_extensions(
        "video",
        "mp4 m4v mov qt 3gp 3g2 avi divx mkv webm flv f4v wmv asf mpg mpeg mpe m1v m2v vob ts mts m2ts m2t ogv ogm rm "
        "rmvb mxf dv amv insv lrv swf",
    ),
    **_extensions("audio", "mp3 m4a m4b aac wav flac ogg oga opus wma amr mid midi aif aiff ac3 caf ape"),
}
